import type { StreamRecord } from '@sluice/filters';
import type { HandlerCall } from './calls.js';
import type { Middleware } from './chain.js';
import type { CallContext } from './context.js';
import type { FailedChange } from './failure.js';
import type { Progress, RecordState } from './progress.js';

/**
 * The memory of completed work that outlives a process: the port that `createLedger` of `@sluice/ledger` implements over a
 * store. It is told the router's name and the stream with each call, so that one ledger may serve several routers.
 */
export interface Ledger {
  /**
   * Whether a record that ends the process each time is given up too, so that nothing is left for its source to discard. What is planned
   * around a router goes by it; `false` where it is left out.
   */
  readonly guard?: boolean;
  /**
   * Begins a delivery that its source repeats from its lowest unfinished record, with strongly consistent reads, mostly one.
   * The records are of one stream, in its order. Rejects when the store cannot tell what is done: nothing may be run then.
   */
  open(records: readonly StreamRecord[], scope: LedgerScope): Promise<OpenDelivery>;
  /** What is parked of a stream, for a source that keeps its progress itself. Rejects when the store cannot tell. */
  parking(scope: LedgerScope): Promise<Parking>;
  /**
   * The layer around handlers with `once`, inside of validation and outside of all other layers: it claims each event for
   * the handler, and completes the claim when the handler has.
   */
  once(routerName: string, options: OnceOptions): Middleware<HandlerCall>;
}

export interface LedgerScope {
  /** The router's name. */
  readonly name: string;
  readonly streamArn: string;
  readonly context: CallContext;
}

/** One delivery that has begun. */
export interface OpenDelivery {
  readonly parking: Parking;
  /** What earlier deliveries left of a record; `undefined` when they left nothing of any. */
  readonly recall: ((record: StreamRecord) => RecordState | undefined) | undefined;
  /**
   * There when an earlier delivery of these records ended with its process: they run one at a time then, and what is about to
   * run is told before. Rejects when that could not be kept: the call is not made then.
   */
  readonly starting: ((record: StreamRecord, handlerId: string) => Promise<void>) | undefined;
  /**
   * Keeps what the delivery has come to, or lets go of what earlier ones left when all of it `isDone`. Where nothing failed, now or
   * before, nothing is written. Never rejects: what cannot be kept until `untilMs` is logged, and leads to repeats alone.
   */
  keep(progress: Progress, isDone: boolean, untilMs: number): Promise<void>;
}

/** The parked changes of a stream; those of a delivery may be known of its own items alone. */
export interface Parking {
  /** How many items have changes behind which later ones have to queue; 0 costs nothing. */
  readonly size: number;
  /** Whether a change of this item is parked for this handler, so that later ones queue behind it. */
  holds(handlerId: string, record: StreamRecord): boolean;
  /**
   * Sets a change aside. Resolves to `parked` when that is confirmed, also for one that was parked before; or, for a change that is
   * to queue behind others of its item, to `free` when these are gone by now: it is to be run then. Rejects when it could not be kept.
   */
  park(failure: FailedChange, mode: ParkingMode, context: CallContext): Promise<'parked' | 'free'>;
}

/** `record` for the change alone; `item` so that later changes of its item queue behind it; `behind` for one of those. */
export type ParkingMode = 'record' | 'item' | 'behind';

/** Of a handler with `once`. */
export interface OnceOptions {
  /**
   * What a delivery does with an event that another one has in hand: `wait` (default) until that one has ended, or come back `later`.
   */
  readonly inProgress?: 'wait' | 'later';
}
