import { type StreamRecord, table } from '@sluice/filters';
import { z } from 'zod';
import {
  type BatchOptions,
  type BatchResult,
  type Clock,
  createProcessMemory,
  createRouter,
  type Ledger,
  type Logger,
  type OpenDelivery,
  type Progress,
  type RouterOptions,
  recallFrom,
  route,
  runBatch,
  type WindowDelivery,
} from '../index.js';
import type { Folding } from '../window.js';

export const shop = table('shop', { keys: { partition: 'pk' } });
export const streamArn =
  'arn:aws:dynamodb:eu-central-1:123456789012:table/shop/stream/2026-01-01T00:00:00.000';

/** Of the items, one by one, with the numbers from `first` on as sequence numbers and amounts. */
export function changesOf(items: string, first = 1): StreamRecord[] {
  return [...items].map((item, index) => ({
    eventName: 'INSERT',
    eventSourceARN: streamArn,
    dynamodb: {
      Keys: { pk: { S: item } },
      NewImage: { pk: { S: item }, amount: { N: String(first + index) } },
      SequenceNumber: String(first + index),
    },
  }));
}

export const aWindow: WindowDelivery = {
  start: '2026-01-01T00:00:00Z',
  end: '2026-01-01T00:05:00Z',
  shardId: 'shardId-00000001',
  streamArn,
  isFinalInvokeForWindow: false,
  isWindowTerminatedEarly: false,
  state: {},
};

/** What has been added, in its order. */
export const Seen = z.object({ seen: z.array(z.string()).default([]) });
export type Seen = z.infer<typeof Seen>;

/** A window route that notes the items that it is given, and what it ends with. */
export function noting(
  id: string,
  { add, close }: Partial<Folding<typeof shop, typeof Seen, 'INSERT'>> = {},
): { readonly noted: ReturnType<typeof route.window>; readonly closed: Seen[] } {
  const closed: Seen[] = [];
  const noted = route.window(
    shop,
    { id, events: ['INSERT'], state: Seen },
    {
      add: add ?? (({ seen }, { keys }) => ({ seen: [...seen, keys.pk as string] })),
      close: close ?? ((state) => void closed.push(state)),
    },
  );
  return { noted, closed };
}

export interface Line {
  readonly level: keyof Logger;
  readonly fields: Record<string, unknown>;
  readonly message: string;
}

export function collecting(): { readonly logger: Logger; readonly lines: Line[] } {
  const lines: Line[] = [];
  const at = (level: keyof Logger) => (fields: object, message: string) =>
    void lines.push({ level, fields: fields as Line['fields'], message });
  return {
    logger: { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') },
    lines,
  };
}

/** One process that takes the events of windows. */
export function taking(options: RouterOptions) {
  const { logger, lines } = collecting();
  const router = createRouter({ logger, ...options });
  const memory = createProcessMemory();
  const deliver = (
    records: readonly StreamRecord[],
    window: Partial<WindowDelivery> = {},
    more: Partial<BatchOptions> = {},
  ): Promise<BatchResult> =>
    runBatch(router, records, { memory, window: { ...aWindow, ...window }, ...more });
  return { router, memory, deliver, lines };
}

/** Keeps, as the real one does, what a delivery has come to until all of it is done. */
export function fakeLedger() {
  let kept: Progress | undefined;
  const keeping: { readonly progress: Progress; readonly isDone: boolean }[] = [];
  const parking = { size: 0, holds: () => false, park: async () => 'parked' as const };
  const ledger: Ledger = {
    open: async (): Promise<OpenDelivery> => ({
      parking,
      recall: kept && recallFrom(kept),
      starting: undefined,
      keep: async (progress, isDone) => {
        keeping.push({ progress, isDone });
        kept = isDone ? undefined : progress;
      },
    }),
    parking: async () => parking,
    once: () => (_call, next) => next(),
  };
  return { ledger, keeping };
}

/** Lets everything happen that needs nobody else. */
export const everythingElse = () => new Promise((resolve) => setImmediate(resolve));

/** A handler that notes the items that it runs for; it fails for an item as often as it is told to. */
export function running(failures: Record<string, number> = {}, id = 'other') {
  const ran: string[] = [];
  const handler = route.insert(shop, { id }, ({ keys }) => {
    const item = keys.pk as string;
    ran.push(item);
    failures[item] = (failures[item] ?? 0) - 1;
    if (failures[item] >= 0) throw new Error(`${item} fails`);
  });
  return { handler, ran };
}

/** A window route that fails for an item as often as it is told to. */
export function adding(failures: Record<string, number> = {}) {
  const added: string[] = [];
  const { noted, closed } = noting('window', {
    add: ({ seen }, { keys }) => {
      const item = keys.pk as string;
      added.push(item);
      failures[item] = (failures[item] ?? 0) - 1;
      if (failures[item] >= 0) throw new Error(`${item} fails`);
      return { seen: [...seen, item] };
    },
  });
  return { noted, added, closed };
}

/** A clock that stands, and on which the time of a delivery is up when a test says so. */
export function deadline() {
  const ends: (() => void)[] = [];
  const clock: Clock = {
    now: () => 0,
    sleep: (delayMs, signal) =>
      new Promise((resolve) => {
        if (delayMs === 0) resolve();
        else ends.push(resolve);
        signal?.addEventListener('abort', () => resolve());
      }),
  };
  function end(): void {
    for (const resolve of ends.splice(0)) resolve();
  }
  return { clock, end };
}
