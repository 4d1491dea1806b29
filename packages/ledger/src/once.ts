import {
  type AnyChange,
  type CallContext,
  type Context,
  contextWith,
  exponentialBackoff,
  groupIdOf,
  type HandlerCall,
  handled,
  idempotencyKeyOf,
  type Middleware,
  type OnceOptions,
  RetryLaterError,
  type Store,
  type StoreCalling,
  tell,
} from '@sluice/core';
import { type Claim, type ClaimTimes, claim, complete, type Held, release } from './claim.js';
import { ClaimLostError, LedgerUnreadableError } from './errors.js';
import { renewing } from './renewal.js';

/** What the layers of one ledger share. */
export interface OnceDesk extends ClaimTimes {
  readonly store: Store;
  readonly newId: () => string;
  /** By the key of the claim: what handlers of this process did whose completion could not be written. */
  readonly effects: Map<string, Held>;
}

/** Beyond that the oldest are forgotten, which can only lead to repeats. */
const mostEffects = 10_000;
/** How long the store is asked for a claim before the event is left for later. */
const longestAskingMs = 10_000;
/** How long the store is told, at least, what came of a handler that ended at the deadline or after it. */
const lastCallMs = 2_000;
const shortestPollMs = 200;
const pollBackoff = exponentialBackoff({ initialMs: 200, maxMs: 1_800 });

/**
 * Runs a handler once for each event, whoever delivers it and how often: it claims the event, runs what is inside while it renews the
 * claim, and completes it. That is two writes for an event that nobody else has in hand.
 *
 *     ASKING ──┬─ done ──────► `handled`; nothing is run
 *              ├─ another's ─► WAITING, and ASKING again until the deadline; or `retryLater`
 *              ├─ no answer ─► `retryLater`
 *              └─ ours ──────► RUNNING ──┬─ handled, skipped ─► COMPLETING ──┬─ written ───► its outcome
 *                                        │                                   ├─ another's ─► `retryLater`
 *                                        │                                   └─ no answer ─► remembered; `retryLater`
 *                                        └─ anything else ────► RELEASING ─────────────────► its outcome, or `retryLater`
 *                                                                                            when the claim was lost
 *
 * An effect that its process does not live to complete happens again, and so does one of a handler that goes on after its claim
 * was lost. `context.idempotencyKey`, passed on to what takes one, closes that window too.
 */
export function onceLayer(
  desk: OnceDesk,
  routerName: string,
  { inProgress = 'wait' }: OnceOptions,
): Middleware<HandlerCall> {
  return async (call, next) => {
    const { context, route } = call;
    const changes = call.changes ?? [call.change];
    const keys = changes.map(({ record }) => `${routerName}|once|${idempotencyKeyOf(record, route.id)}`);
    const claims = await claimAll(desk, keys, inProgress, context);
    const rest = changes.filter((_, index) => claims[index]?.kind === 'held');
    if (rest.length === 0) return handled;

    const renewal = renewing(claims.filter(isHeld), desk, context);
    const outcome = await next(callOf(call, rest, renewal.signal));
    renewal.end();
    if (outcome.kind === 'handled' || outcome.kind === 'skipped') {
      await completeAll(desk, renewal.held, context);
      return outcome;
    }
    const isOurs = await releaseAll(desk, renewal.held, context);
    // What the other one makes of the event counts.
    if (renewal.lost || !isOurs) throw lostTo(renewal.lost);
    return outcome;
  };
}

/** All of them, or none while another has one in hand: who waited for others with some of his own could be waited for by these. */
async function claimAll(
  desk: OnceDesk,
  keys: readonly string[],
  inProgress: NonNullable<OnceOptions['inProgress']>,
  context: CallContext,
): Promise<readonly Claim[]> {
  for (let polls = 1; ; polls++) {
    const claims = await claimEach(desk, keys, context);
    const untilMs = Math.max(...claims.map((claim) => (claim.kind === 'taken' ? claim.untilMs : -Infinity)));
    if (untilMs === -Infinity) return claims;
    await releaseAll(desk, claims.filter(isHeld), context);
    await waitForOther(untilMs, inProgress, polls, context);
  }
}

/** Throws when it is to be tried later. */
async function waitForOther(
  untilMs: number,
  inProgress: NonNullable<OnceOptions['inProgress']>,
  polls: number,
  { clock, random, signal, deadlineMs }: CallContext,
): Promise<void> {
  const leftMs = Math.max(0, untilMs - clock.now());
  const delayMs = Math.min(leftMs, shortestPollMs + pollBackoff.delayMs(polls, random));
  if (inProgress === 'wait' && clock.now() + delayMs < deadlineMs) {
    await clock.sleep(delayMs, signal);
    if (!signal.aborted) return;
  }
  throw new RetryLaterError('Another process has this event in hand.', { afterMs: leftMs });
}

async function claimEach(
  desk: OnceDesk,
  keys: readonly string[],
  context: CallContext,
): Promise<readonly Claim[]> {
  const { clock, random, signal, deadlineMs } = context;
  const owner = desk.newId();
  // The first one still has half of its time when the last one is there.
  const untilMs = Math.min(deadlineMs, clock.now() + Math.min(longestAskingMs, desk.claimMs / 2));
  const asked = await Promise.allSettled(
    keys.map((key) => claimOne(desk, key, owner, { clock, random, signal, untilMs })),
  );
  const claims = asked.flatMap((answer) => (answer.status === 'fulfilled' ? answer.value : []));
  if (claims.length === keys.length) return claims;
  await releaseAll(desk, claims.filter(isHeld), context);
  const cause = reasonsOf(asked)[0];
  if (cause instanceof LedgerUnreadableError) throw cause;
  throw new RetryLaterError('The ledger could not be asked whether this event is done.', { cause });
}

async function claimOne(
  { store, effects, ...times }: OnceDesk,
  key: string,
  owner: string,
  asking: StoreCalling,
): Promise<Claim> {
  const effect = effects.get(key);
  if (!effect) return claim(store, key, owner, times, asking);
  const answer = await complete(store, effect, times, asking);
  if (answer.kind === 'completed') effects.delete(key);
  return answer;
}

/** The call with those changes alone that are not done, and with a signal that tells of lost claims. */
function callOf(call: HandlerCall, rest: readonly AnyChange[], signal: AbortSignal): HandlerCall {
  const context = contextWith(call.context, { signal });
  const [first] = rest;
  if (!call.changes || !first || rest.length === call.changes.length) return { ...call, context };
  return { ...call, change: first, changes: rest, context: contextOf(context, rest) };
}

/** The identities of a group are those of exactly its changes. */
function contextOf(context: Context, changes: readonly AnyChange[]): Context {
  const records = changes.map(({ record }) => record);
  return Object.create(context, {
    eventId: { get: () => groupIdOf(records) },
    idempotencyKey: { get: () => groupIdOf(records, context.handlerId) },
  });
}

/** Throws when one of the completions is not there: the effect is, and this process remembers it. */
async function completeAll(desk: OnceDesk, held: readonly Held[], context: CallContext): Promise<void> {
  const { clock, random, signal, deadlineMs } = context;
  const untilMs = Math.max(deadlineMs, clock.now() + lastCallMs);
  const told = await Promise.allSettled(
    held.map((one) => complete(desk.store, one, desk, { clock, random, signal, untilMs })),
  );
  const open = held.filter((_, index) => {
    const answer = told[index];
    return answer?.status !== 'fulfilled' || answer.value.kind === 'taken';
  });
  if (open.length === 0) return;
  for (const one of open) remember(desk.effects, one);
  const [failure] = reasonsOf(told);
  if (failure === undefined) throw lostTo();
  throw new RetryLaterError('The handler is done with this event, but the ledger could not be told.', {
    cause: failure,
  });
}

function lostTo(cause = new ClaimLostError()): RetryLaterError {
  return new RetryLaterError(cause.message, { cause });
}

function remember(effects: Map<string, Held>, held: Held): void {
  effects.set(held.row.pk, held);
  for (const [oldest] of effects) {
    if (effects.size <= mostEffects) break;
    effects.delete(oldest);
  }
}

/** As far as it succeeds: what is not let go of runs out. False when one of them turned out to be another's. */
async function releaseAll(desk: OnceDesk, held: readonly Held[], context: CallContext): Promise<boolean> {
  const { clock, random, signal, logger } = context;
  const untilMs = clock.now() + lastCallMs;
  const told = await Promise.allSettled(
    held.map((one) => release(desk.store, one, { clock, random, signal, untilMs })),
  );
  for (const err of reasonsOf(told)) {
    tell(logger, 'debug', { err }, 'a claim could not be let go of; the event waits until it runs out');
  }
  return !told.some((answer) => answer.status === 'fulfilled' && !answer.value);
}

function reasonsOf(results: readonly PromiseSettledResult<unknown>[]): readonly unknown[] {
  return results.flatMap((result) => (result.status === 'rejected' ? [result.reason] : []));
}

function isHeld(claim: Claim): claim is Held {
  return claim.kind === 'held';
}
