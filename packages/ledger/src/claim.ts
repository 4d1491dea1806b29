import { deleteRow, type NewRow, putRow, type Row, type Store, type StoreCalling } from '@sluice/core';
import { LedgerUnreadableError } from './errors.js';

/**
 * The claim of one event for one handler: a row that one process at a time may hold. Its version is the fence: whoever was away for
 * too long writes with one that is past.
 *
 *     no row ───put───► CLAIMED by one ───the handler is done───► DONE, for `keepDoneMs`
 *       ▲                │   ▲   ▲ │
 *       │ delete: it is  │   │   └─┘ each third of `claimMs`: for longer
 *       │ not done       │   │
 *       └────────────────┤   │ put over it, once `untilMs` has passed
 *                        ▼   │
 *                      CLAIMED by another: what the first one writes from now on is refused
 */
type ClaimValue =
  | { readonly state: 'CLAIMED'; readonly owner: string; readonly untilMs: number }
  | { readonly state: 'DONE'; readonly owner: string; readonly doneAtMs: number };

/** What came of asking for a claim: it is ours, another's until then unless that one renews it, or needed no more. */
export type Claim = Held | Taken | Completed;

export interface Held {
  readonly kind: 'held';
  readonly owner: string;
  /** As we last wrote it. */
  readonly row: Row;
  readonly untilMs: number;
}

export interface Taken {
  readonly kind: 'taken';
  readonly untilMs: number;
}

export interface Completed {
  readonly kind: 'completed';
}

export interface ClaimTimes {
  readonly claimMs: number;
  readonly keepDoneMs: number;
}

const sk = 'C';
const completed: Completed = { kind: 'completed' };

/** Without a read: where something stands already it refuses the put, and comes back. */
export async function claim(
  store: Store,
  key: string,
  owner: string,
  times: ClaimTimes,
  asking: StoreCalling,
): Promise<Claim> {
  for (let version: string | undefined; ; ) {
    const untilMs = asking.clock.now() + times.claimMs;
    const row = claimRow(key, { state: 'CLAIMED', owner, untilMs }, untilMs + times.keepDoneMs);
    const written = await putRow(store, row, version, asking);
    if (written.applied) return { kind: 'held', owner, row: written.row, untilMs };
    const standing = written.current && claimIn(written.current);
    if (standing?.state === 'DONE') return completed;
    if (standing && isHeld(standing, asking)) return { kind: 'taken', untilMs: standing.untilMs };
    version = written.current?.version;
  }
}

/** Makes it hold for longer; `undefined` when it is not ours any more. */
export async function renew(
  store: Store,
  held: Held,
  { claimMs, keepDoneMs }: ClaimTimes,
  asking: StoreCalling,
): Promise<Held | undefined> {
  const { owner, row: before } = held;
  const untilMs = asking.clock.now() + claimMs;
  const row = claimRow(before.pk, { state: 'CLAIMED', owner, untilMs }, untilMs + keepDoneMs);
  const written = await putRow(store, row, before.version, asking);
  return written.applied ? { ...held, row: written.row, untilMs } : undefined;
}

/**
 * Says for good that the handler is done. That holds also where the claim has been let go of, has run out in other hands, or
 * is ours by a renewal whose reply is still on its way; not while another one holds it: then it is `taken`.
 */
export async function complete(
  store: Store,
  { owner, row: held }: Held,
  { keepDoneMs }: ClaimTimes,
  asking: StoreCalling,
): Promise<Completed | Taken> {
  const doneAtMs = asking.clock.now();
  const row = claimRow(held.pk, { state: 'DONE', owner, doneAtMs }, doneAtMs + keepDoneMs);
  for (let version: string | undefined = held.version; ; ) {
    const written = await putRow(store, row, version, asking);
    if (written.applied) return completed;
    const standing = written.current && claimIn(written.current);
    if (standing?.state === 'DONE') return completed;
    if (standing && standing.owner !== owner && isHeld(standing, asking)) {
      return { kind: 'taken', untilMs: standing.untilMs };
    }
    version = written.current?.version;
  }
}

/**
 * Lets go of what is not done, so that the next delivery need not wait until it has run out. False when it is another's by now,
 * and stays.
 */
export async function release(store: Store, { owner, row }: Held, asking: StoreCalling): Promise<boolean> {
  for (let standing = row; ; ) {
    const written = await deleteRow(store, standing, asking);
    if (written.applied || !written.current) return true;
    const current = claimIn(written.current);
    if (current.owner !== owner) return false;
    standing = written.current;
  }
}

function isHeld({ untilMs }: { readonly untilMs: number }, { clock }: StoreCalling): boolean {
  return untilMs > clock.now();
}

function claimRow(pk: string, value: ClaimValue, expiresAtMs: number): NewRow {
  return { pk, sk, value: { ...value }, expiresAt: Math.ceil(expiresAtMs / 1000) };
}

function claimIn(row: Row): ClaimValue {
  const value = row.value as unknown as ClaimValue | null;
  const isClaim =
    value?.state === 'DONE' || (value?.state === 'CLAIMED' && typeof value.untilMs === 'number');
  if (!isClaim) throw new LedgerUnreadableError(row);
  return value;
}
