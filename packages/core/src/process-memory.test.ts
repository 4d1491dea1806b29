import { type StreamRecord, table } from '@sluice/filters';
import { describe, expect, it } from 'vitest';
import {
  createDrain,
  createProcessMemory,
  createRouter,
  handled,
  type Logger,
  type RouterOptions,
  route,
  runBatch,
  type Task,
} from './index.js';

const shop = table('shop', { keys: { partition: 'pk' } });
const quiet = () => undefined;
const silent: Logger = { debug: quiet, info: quiet, warn: quiet, error: quiet };
const arn = 'arn:aws:dynamodb:eu-central-1:123456789012:table/shop/stream/2026-01-01T00:00:00.000';

function record(sequence: number, more: { item?: string; arn?: string } = {}): StreamRecord {
  return {
    eventName: 'INSERT',
    eventSourceARN: more.arn ?? arn,
    dynamodb: { Keys: { pk: { S: more.item ?? 'A' } }, NewImage: {}, SequenceNumber: String(sequence) },
  };
}

const failing = createRouter({
  routes: [route.insert(shop, { id: 'h' }, () => Promise.reject(new Error('no')))],
  logger: silent,
});

/** What a delivery of these records leaves, all of them unfinished. */
async function remainingOf(records: readonly StreamRecord[]): Promise<readonly Task[]> {
  const drain = createDrain(failing, { order: 'strict', afterFailure: { kind: 'stop' } });
  drain.offer(records);
  await drain.until(0);
  return drain.remaining();
}

describe('the memory of a process', () => {
  it('shares what it knows of a record with every delivery of it, until one is done with it', async () => {
    const memory = createProcessMemory();
    const [task] = (await remainingOf([record(1)])) as [Task];
    memory.keep([record(1)], [task]);
    expect(memory.recall(record(1))).toBe(task.state);
    expect(memory.recall(record(1))).toBe(task.state);
    memory.keep([record(1)], []);
    expect(memory.size).toBe(0);
    expect(memory.recall(record(1))).toBeUndefined();
  });

  it('never forgets a record whose handler is running', async () => {
    const memory = createProcessMemory(1);
    const [running, other, last] = (await remainingOf([record(1), record(2), record(3)])) as [
      Task,
      Task,
      Task,
    ];
    running.state.running = { handlerId: 'h', outcome: new Promise(() => undefined) };
    memory.keep([], [running, other, last]);
    expect(memory.recall(record(1))).toBe(running.state);
    expect(memory.recall(record(2))).toBeUndefined();
  });

  it('knows a record by its stream, its sequence number and its item', async () => {
    const memory = createProcessMemory();
    memory.keep([], await remainingOf([record(1)]));
    expect(memory.recall(record(2))).toBeUndefined();
    expect(memory.recall(record(1, { item: 'B' }))).toBeUndefined();
    expect(memory.recall(record(1, { arn: arn.replace('2026', '2027') }))).toBeUndefined();
    expect(memory.recall(structuredClone(record(1)))).toMatchObject({ failures: { h: 1 } });
  });

  it('forgets the oldest records beyond its limit', async () => {
    const memory = createProcessMemory(3);
    memory.keep([], await remainingOf([record(1), record(2)]));
    memory.keep([], await remainingOf([record(3), record(4), record(5)]));
    expect(memory.size).toBe(3);
    expect([1, 2, 3, 4, 5].map((sequence) => memory.recall(record(sequence)) !== undefined)).toEqual([
      false,
      false,
      true,
      true,
      true,
    ]);
  });

  it('takes a record that is kept again for a new one', async () => {
    const memory = createProcessMemory(2);
    const [one, two, three] = (await remainingOf([record(1), record(2), record(3)])) as [Task, Task, Task];
    memory.keep([], [one, two]);
    memory.keep([record(1)], [one]);
    memory.keep([], [three]);
    expect([1, 2, 3].map((sequence) => memory.recall(record(sequence)) !== undefined)).toEqual([
      true,
      false,
      true,
    ]);
  });

  it('costs repeats and never a record when it is too small', async () => {
    const ran: string[] = [];
    let failures = 1;
    const router = createRouter({
      routes: [
        route.insert(shop, { id: 'h' }, ({ record: { dynamodb } }) => {
          if (dynamodb.SequenceNumber === '1' && failures-- > 0) throw new Error('no');
          ran.push(dynamodb.SequenceNumber);
        }),
      ],
      logger: silent,
      order: 'lanes',
      concurrency: 3,
    });
    const memory = createProcessMemory(1);
    const records = [record(1), record(2, { item: 'B' }), record(3, { item: 'C' })];
    expect((await runBatch(router, records, { memory })).firstUnfinished).toBe('1');
    expect((await runBatch(router, records, { memory })).firstUnfinished).toBeUndefined();
    expect(new Set(ran)).toEqual(new Set(['1', '2', '3']));
  });

  it('remembers as done what a record middleware answered without the handlers', async () => {
    const ran: string[] = [];
    const answers: RouterOptions['middleware'] = {
      record: [
        async ({ record: { dynamodb } }, next) => {
          ran.push(`record ${dynamodb.SequenceNumber}`);
          return dynamodb.SequenceNumber === '2' ? handled : next();
        },
      ],
    };
    let failures = 1;
    const router = createRouter({
      routes: [
        route.insert(shop, { id: 'h' }, ({ record: { dynamodb } }) => {
          if (dynamodb.SequenceNumber === '1' && failures-- > 0) throw new Error('no');
          ran.push(`handler ${dynamodb.SequenceNumber}`);
        }),
      ],
      logger: silent,
      order: 'lanes',
      middleware: answers,
    });
    const memory = createProcessMemory();
    const records = [record(1), record(2, { item: 'B' })];
    expect((await runBatch(router, records, { memory })).firstUnfinished).toBe('1');
    expect(memory.recall(record(2, { item: 'B' }))).toMatchObject({ done: ['h'] });
    expect((await runBatch(router, [record(1)], { memory })).firstUnfinished).toBeUndefined();
    expect(ran).toEqual(['record 1', 'record 2', 'record 1', 'handler 1']);
  });
});
