import {
  type CallContext,
  createRouter,
  type FailedChange,
  type Handling,
  type Logger,
  type Parking,
  type ParkingMode,
  type Router,
  type RouterOptions,
  route,
  type Store,
  type StreamRecord,
  table,
} from '@sluice/core';
import { memoryStore } from '@sluice/store';
import { recordsOf, seededRandom, type VirtualClock, virtualClock } from '@sluice/testing';
import type { LargeObjects } from '../large-objects.js';
import { createLedger } from '../ledger.js';
import { idOf, queueOf } from '../parked-rows.js';
import { openParking, type ParkingOptions } from '../parking.js';

export const shop = table('shop', { keys: { partition: 'pk' } });
export const routerName = 'shop-mail';
export const handlerId = 'mail.send';

const silent = () => undefined;
export const silentLogger: Logger = { debug: silent, info: silent, warn: silent, error: silent };

/** A store, a clock and changes to park. */
export interface ParkedWorld {
  readonly clock: VirtualClock;
  readonly store: Store;
  /** The changes, in order: one for each letter, whose item it is. */
  readonly records: readonly StreamRecord[];
  readonly streamArn: string;
  context(more?: Partial<CallContext>): CallContext;
  parking(options?: ParkingOptions, store?: Store): Promise<Parking>;
  /** Parks the n-th change, from 0. */
  park(n: number, mode?: ParkingMode, more?: Partial<FailedChange>): Promise<'parked' | 'free'>;
  failure(n: number, more?: Partial<FailedChange>): FailedChange;
  /** The id of the n-th change when it is parked. */
  id(n: number, handler?: string): string;
  /** The index of a record. */
  indexOf(record: StreamRecord): number;
}

export function parkedWorld(items: string, options: ParkingOptions = {}, store = memoryStore()): ParkedWorld {
  const clock = virtualClock();
  const random = seededRandom(1);
  const changes = recordsOf({ table: 'shop', keys: { partition: 'pk' } });
  const records = [...items].map((pk, n) => changes.insert({ pk, n, tags: new Set(['x', 'y']) }));
  const recordAt = (n: number) => records[n] as StreamRecord; // tests name those that there are
  const world: ParkedWorld = {
    clock,
    store,
    records,
    streamArn: changes.streamArn,
    context: (more) => ({
      signal: new AbortController().signal,
      deadlineMs: Number.POSITIVE_INFINITY,
      logger: silentLogger,
      clock,
      random,
      ...more,
    }),
    parking: (given = options, on = store) =>
      openParking(on, given, { name: routerName, streamArn: changes.streamArn, context: world.context() }),
    async park(n, mode = 'item', more = {}) {
      const parking = await world.parking();
      return parking.park(world.failure(n, more), mode, world.context());
    },
    failure: (n, more) => ({
      router: routerName,
      handlerId,
      record: recordAt(n),
      reason: 'attempts',
      error: new Error(`no ${n}`),
      attempts: 10,
      failedAtMs: clock.now(),
      ...more,
    }),
    id: (n, handler = handlerId) =>
      idOf(queueOf(routerName, handler, recordAt(n)), recordAt(n).dynamodb.SequenceNumber),
    indexOf: ({ dynamodb }) =>
      records.findIndex((record) => record.dynamodb.SequenceNumber === dynamodb.SequenceNumber),
  };
  return world;
}

/** Of each item the first change is parked with it, and the others are behind that one. */
export async function worldWith(items: string): Promise<ParkedWorld> {
  const world = parkedWorld(items);
  for (const [n, item] of [...items].entries())
    await world.park(n, items.indexOf(item) < n ? 'behind' : 'item');
  return world;
}

/** A router with one handler, which is told the index of its change and its attempt. */
export function routerOf(
  { clock, store, indexOf }: ParkedWorld,
  handle: (n: number, attempt: number, signal: AbortSignal) => Handling,
  more: Partial<RouterOptions> = {},
): Router {
  const send = route.on(shop, { id: handlerId }, ({ record }, { attempt, signal }) =>
    handle(indexOf(record), attempt, signal),
  );
  return createRouter({
    name: routerName,
    routes: send,
    ledger: createLedger(store),
    logger: silentLogger,
    clock,
    random: seededRandom(2),
    ...more,
  });
}

export function memoryObjects(): LargeObjects & { readonly bodies: Map<string, string> } {
  const bodies = new Map<string, string>();
  return {
    bodies,
    put: async (key, body) => void bodies.set(key, body),
    get: async (key) => bodies.get(key),
    delete: async (key) => void bodies.delete(key),
  };
}

export async function collected<T>(from: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const one of from) all.push(one);
  return all;
}
