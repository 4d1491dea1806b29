import {
  type BatchResult,
  type Context,
  contextWith,
  createProcessMemory,
  createRouter,
  type Handling,
  idempotencyKeyOf,
  type JsonValue,
  type OnceOptions,
  type Route,
  type Row,
  route,
  runBatch,
  type Store,
  type StreamRecord,
  table,
} from '@sluice/core';
import { memoryStore } from '@sluice/store';
import { seededRandom, type VirtualClock, virtualClock } from '@sluice/testing';
import { createLedger } from '../ledger.js';
import type { LedgerOptions } from '../options.js';
import { type Line, listening } from './delivery.js';
import { type Sandbox, sandboxOn } from './sandbox.js';
import { type ScriptedStore, scriptedStore } from './scripted-store.js';

/** Processes with handlers that run once, over one store. */
export interface World {
  readonly clock: VirtualClock;
  readonly store: ScriptedStore;
  /** A new one. The handlers are made for its clock. */
  process(routes: (sandbox: Sandbox) => Route | readonly Route[], options?: ProcessOptions): Process;
  /** What stands of a claim. */
  claim(record: StreamRecord | undefined, handlerId?: string): Promise<Row | undefined>;
  /** Writes over it, as somebody else would. */
  overwrite(record: StreamRecord | undefined, value: JsonValue | undefined): Promise<void>;
}

export interface Process extends Sandbox {
  /** One delivery; nothing is remembered of earlier ones but what the ledger remembers. */
  deliver(records: readonly StreamRecord[], budgetMs?: number): Promise<BatchResult>;
  /** What it has logged of handlers: the outcome, by its words, and the error. */
  readonly lines: Line[];
}

interface ProcessOptions extends OnceOptions, LedgerOptions {
  /** The router's; `shop-mail` by default. */
  readonly name?: string;
  /** In the place of the delivery's own. */
  readonly signal?: AbortSignal;
}

export const shop = table('shop', { keys: { partition: 'pk' } });

export function handler(work: (record: StreamRecord, context: Context) => Handling, id = 'mail'): Route {
  return route.on(shop, { id }, ({ record }, context) => work(record, context));
}

export function groupHandler(
  work: (records: readonly StreamRecord[], context: Context) => Handling,
  id = 'mail',
): Route {
  return route.batch(shop, { id }, (changes, context) =>
    work(
      changes.map(({ record }) => record),
      context,
    ),
  );
}

/** @param reached is what the processes reach of the store, by default it itself. */
export function world(kept: Store = memoryStore(), reached: Store = kept): World {
  const clock = virtualClock();
  const store = scriptedStore(reached, clock);
  const keyOf = (record: StreamRecord | undefined, handlerId = 'mail') => {
    if (!record) throw new Error('There is no such record.');
    return `shop-mail|once|${idempotencyKeyOf(record, handlerId)}`;
  };
  const claim: World['claim'] = (record, handlerId) => kept.get(keyOf(record, handlerId), 'C');
  let processes = 0;
  return {
    clock,
    store,
    claim,
    async overwrite(record, value) {
      const row = await claim(record);
      if (row && value === undefined) await kept.delete(row, row.version);
      else await kept.put({ pk: keyOf(record), sk: 'C', value: value ?? null }, row?.version);
    },
    process(routes, { name = 'shop-mail', inProgress, signal, ...options } = {}) {
      const own = ++processes;
      const sandbox = sandboxOn(clock);
      let ids = 0;
      const newId = () => `${own}-${++ids}`;
      const ledger = createLedger(sandbox.around(store), { newId, ...options });
      const lines: Line[] = [];
      const router = createRouter({
        name,
        routes: [routes(sandbox)].flat(),
        middleware: {
          handler: [
            (call, next) => next(signal ? { ...call, context: contextWith(call.context, { signal }) } : call),
            ledger.once(name, inProgress ? { inProgress } : {}),
          ],
        },
        order: 'lanes',
        clock: sandbox.clock,
        random: seededRandom(own),
        logger: listening(lines),
      });
      return {
        ...sandbox,
        get isFrozen() {
          return sandbox.isFrozen;
        },
        lines,
        deliver: (records, budgetMs) =>
          runBatch(router, records, {
            memory: createProcessMemory(),
            ...(budgetMs !== undefined && { budgetMs }),
          }),
      };
    },
  };
}
