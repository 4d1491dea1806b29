import { describe, expect, it } from 'vitest';
import {
  type Change,
  createProcessMemory,
  createRouter,
  type FailedChange,
  type Ledger,
  type Logger,
  type Middleware,
  neverAgain,
  type OpenDelivery,
  type ParkingMode,
  type RecordCall,
  type RouterOptions,
  recordState,
  retry,
  retryLater,
  route,
  runBatch,
  type StreamRecord,
  table,
} from './index.js';
import { problemsOf } from './testing/problems.js';

const shop = table('shop', { keys: { partition: 'pk' } });
const streamArn = 'arn:aws:dynamodb:eu-central-1:123456789012:table/shop/stream/2026-01-01T00:00:00.000';

/** One record for each letter, whose item it is. */
function recordsOf(items: string): StreamRecord[] {
  return [...items].map((item, index) => ({
    eventName: 'INSERT',
    eventSourceARN: streamArn,
    dynamodb: {
      Keys: { pk: { S: item } },
      NewImage: { pk: { S: item }, at: { S: `${item}${index + 1}` } },
      SequenceNumber: String(index + 1),
    },
  }));
}

const textOf = (value: object | undefined) => (value && 'S' in value ? String(value.S) : '');
const nameOf = ({ dynamodb }: StreamRecord) => textOf(dynamodb.NewImage?.['at']);
const itemOf = ({ dynamodb }: StreamRecord) => textOf(dynamodb.Keys['pk']);

/** A ledger that keeps in memory what the core tells it, as a store would for the next process. */
function ledgerOf(
  options: { readonly recall?: OpenDelivery['recall']; readonly isAway?: () => boolean } = {},
) {
  const parked: { name: string; mode: ParkingMode; failure: FailedChange }[] = [];
  const held = new Set<string>();
  const kept: { done: readonly string[]; isDone: boolean }[] = [];
  const untilMs: number[] = [];
  const delivery: OpenDelivery = {
    recall: options.recall,
    starting: undefined,
    keep: async ({ done }, isDone, until) => {
      kept.push({ done: Object.keys(done), isDone });
      untilMs.push(until);
    },
    parking: {
      get size() {
        return held.size;
      },
      holds: (handlerId, record) => held.has(`${handlerId} ${itemOf(record)}`),
      async park(failure, mode) {
        if (options.isAway?.()) throw new Error('the store is away');
        const key = `${failure.handlerId} ${itemOf(failure.record)}`;
        if (mode === 'behind' && !held.has(key)) return 'free';
        parked.push({ name: nameOf(failure.record), mode, failure });
        if (mode === 'item') held.add(key);
        return 'parked';
      },
    },
  };
  let reads = 0;
  const ledger: Ledger = {
    open: async () => {
      reads++;
      return delivery;
    },
    parking: async () => delivery.parking,
    once: () => (_call, next) => next(),
  };
  return {
    ledger,
    parked,
    held,
    kept,
    untilMs,
    reads: () => reads,
    names: () => parked.map(({ name }) => name),
  };
}

type Handle = (name: string, attempt: number) => unknown;

/** A process that runs a router of one handler; each `deliver` is a delivery to it. */
function processOf(handle: Handle, options: Partial<RouterOptions> & { readonly maxSize?: number } = {}) {
  const logs: { level: string; message: string; fields: object }[] = [];
  const log = (level: string) => (fields: object, message: string) =>
    void logs.push({ level, message, fields });
  const logger: Logger = { debug: log('debug'), info: log('info'), warn: log('warn'), error: log('error') };
  const ran: string[] = [];
  const one = route.on(shop, { id: 'h' }, async ({ record }: Change<typeof shop>, { attempt }) => {
    await null;
    ran.push(nameOf(record));
    return handle(nameOf(record), attempt);
  });
  const { maxSize, ...rest } = options;
  const router = createRouter({ name: 'test', routes: one, logger, ...rest });
  const memory = createProcessMemory();
  return {
    ran,
    logs,
    deliver: (records: readonly StreamRecord[], budgetMs = Infinity) =>
      runBatch(router, records, { memory, budgetMs }),
  };
}

/** A process whose handler takes groups; `handle` is asked about each of their changes. */
function groupsOf(groups: string[], handle: Handle, options: Partial<RouterOptions>) {
  const together = route.batch(shop, { id: 'h' }, (changes, { attempt }) => {
    const names = changes.map(({ record }) => nameOf(record));
    groups.push(names.join(' '));
    for (const name of names) handle(name, attempt);
  });
  return processOf(() => {}, { routes: together, ...options });
}

function failing(...names: string[]): Handle {
  return (name) => {
    if (names.includes(name)) throw new Error(`no ${name}`);
  };
}

describe('a change that its handler does not get done', () => {
  it('is tried as often as the policy allows, over deliveries, and then parked: the source is told that it is done', async () => {
    const kept = ledgerOf();
    const { deliver, ran } = processOf(failing('A1'), {
      ledger: kept.ledger,
      onFailure: { action: 'park-record', attempts: 3 },
    });
    const records = recordsOf('ABA');
    expect((await deliver(records)).firstUnfinished).toBe('1');
    expect((await deliver(records)).firstUnfinished).toBe('1');
    const last = await deliver(records);
    expect(last).toMatchObject({ firstUnfinished: undefined, counts: { failed: 1, parked: 1, dropped: 0 } });
    expect(ran).toEqual(['A1', 'B2', 'A1', 'A1', 'A3']);
    expect(kept.parked).toMatchObject([
      {
        name: 'A1',
        mode: 'record',
        failure: { router: 'test', handlerId: 'h', reason: 'attempts', attempts: 3, record: records[0] },
      },
    ]);
    expect(kept.parked[0]?.failure.error.message).toBe('no A1');
  });

  it('is parked with its item by default after ten: later changes of the item queue behind it, others flow', async () => {
    const kept = ledgerOf();
    const { deliver, ran } = processOf(failing('A1'), { ledger: kept.ledger });
    const records = recordsOf('ABA');
    for (let attempt = 1; attempt < 10; attempt++) {
      expect((await deliver(records)).firstUnfinished).toBe('1');
    }
    expect(await deliver(records)).toMatchObject({ firstUnfinished: undefined, counts: { parked: 2 } });
    expect(ran.filter((name) => name === 'A1')).toHaveLength(10);
    expect(ran).not.toContain('A3');
    expect(kept.parked).toMatchObject([
      { name: 'A1', mode: 'item' },
      { name: 'A3', mode: 'behind', failure: { reason: 'behind', attempts: 0 } },
    ]);
  });

  it('runs when the queue that it was to go behind is gone by then', async () => {
    const kept = ledgerOf();
    kept.held.add('h A');
    const { deliver, ran } = processOf(() => {}, { ledger: kept.ledger });
    const { park } = (await kept.ledger.open([], {} as never)).parking;
    const opened = await kept.ledger.open([], {} as never);
    Object.assign(opened.parking, {
      park: (...given: Parameters<typeof park>) => {
        kept.held.delete('h A'); // a redrive was faster
        return park(...given);
      },
    });
    expect((await deliver(recordsOf('A'))).firstUnfinished).toBeUndefined();
    expect(ran).toEqual(['A1']);
    expect(kept.parked).toEqual([]);
  });

  it('queues behind a parked one of its item whatever its handler says by now', async () => {
    for (const onFailure of ['drop', 'park-record', 'block'] as const) {
      const kept = ledgerOf();
      kept.held.add('h A');
      const { deliver, ran } = processOf(() => {}, { ledger: kept.ledger, onFailure });
      expect((await deliver(recordsOf('AB'))).firstUnfinished).toBeUndefined();
      expect(ran).toEqual(['B2']);
      expect(kept.parked).toMatchObject([{ name: 'A1', mode: 'behind' }]);
    }
  });

  it('is parked at once when the handler says never again', async () => {
    const kept = ledgerOf();
    const { deliver } = processOf((name) => (name === 'A1' ? neverAgain('bad') : undefined), {
      ledger: kept.ledger,
      onFailure: 'park-item',
    });
    expect((await deliver(recordsOf('AA'))).firstUnfinished).toBeUndefined();
    expect(kept.parked).toMatchObject([
      { name: 'A1', mode: 'item', failure: { reason: 'never-again' } },
      { name: 'A2', mode: 'behind' },
    ]);
  });

  it('that is given up when the time is up comes again: it is not done without having been set aside', async () => {
    for (const onFailure of ['park-item', 'drop'] as const) {
      const kept = ledgerOf();
      let nowMs = 0;
      const clock = { now: () => nowMs, sleep: () => new Promise<void>(() => {}) };
      const { deliver } = processOf(
        () => {
          nowMs += 1_000; // it computes, and no timer comes through
          return neverAgain('bad');
        },
        { ledger: kept.ledger, onFailure, clock },
      );
      const records = recordsOf('A');
      expect(await deliver(records, 1_000)).toMatchObject({ firstUnfinished: '1', counts: { dropped: 0 } });
      expect(kept.parked).toEqual([]);
      expect(await deliver(records, 5_000)).toMatchObject({ firstUnfinished: undefined });
      expect(kept.names()).toEqual(onFailure === 'drop' ? [] : ['A1']);
    }
  });

  it('is given up by the policies of its handlers when a layer around the record says never again', async () => {
    const layer: Middleware<RecordCall> = async () => neverAgain('bad');
    for (const [onFailure, firstUnfinished, names] of [
      ['park-item', undefined, ['A1']],
      ['drop', undefined, []],
      ['block', '1', []],
    ] as const) {
      const kept = ledgerOf();
      const { deliver, ran } = processOf(() => {}, {
        ledger: kept.ledger,
        onFailure,
        middleware: { record: [layer] },
      });
      expect(await deliver(recordsOf('A'))).toMatchObject({ firstUnfinished });
      expect(kept.names()).toEqual(names);
      expect(ran).toEqual([]);
    }
  });

  it('whose lane cannot be told is given up when nothing is left before it, and holds up nothing after that', async () => {
    const kept = ledgerOf();
    let laterTimes = 2;
    const { deliver, ran } = processOf(
      (name) => (name === 'A1' && laterTimes-- > 0 ? retryLater('not yet') : undefined),
      {
        ledger: kept.ledger,
        onFailure: { action: 'park-record', attempts: 1 },
        lane: (record) => {
          if (itemOf(record) === 'X') throw new Error('no lane');
          return itemOf(record);
        },
      },
    );
    let left = recordsOf('AXA');
    for (let deliveries = 0; left.length > 0 && deliveries < 10; deliveries++) {
      const { firstUnfinished } = await deliver(left);
      left = firstUnfinished
        ? left.slice(left.findIndex((r) => r.dynamodb.SequenceNumber === firstUnfinished))
        : [];
    }
    expect(left).toEqual([]);
    expect(kept.parked).toMatchObject([{ name: 'X2', failure: { error: { message: 'no lane' } } }]);
    expect(ran).toEqual(['A1', 'A1', 'A1', 'A3']);
  });

  it('whose lane cannot be told is done where it has been set aside before', async () => {
    const { ledger } = ledgerOf({ recall: () => recordState(['h']) });
    const lane = () => {
      throw new Error('no lane');
    };
    const { deliver, ran } = processOf(() => {}, { ledger, lane });
    expect((await deliver(recordsOf('X'))).firstUnfinished).toBeUndefined();
    expect(ran).toEqual([]);
  });

  it('is parked alone by default where changes have no order', async () => {
    const kept = ledgerOf();
    const { deliver } = processOf(() => neverAgain('bad'), { ledger: kept.ledger, lane: 'unordered' });
    expect((await deliver(recordsOf('AA'))).firstUnfinished).toBeUndefined();
    expect(kept.parked.map(({ mode }) => mode)).toEqual(['record', 'record']);
  });

  it('blocks, never again or not, where the policy says so', async () => {
    const { ledger, parked } = ledgerOf();
    const { deliver } = processOf(() => neverAgain('bad'), { ledger, onFailure: 'block' });
    const records = recordsOf('A');
    for (let attempt = 1; attempt <= 12; attempt++)
      expect((await deliver(records)).firstUnfinished).toBe('1');
    expect(parked).toEqual([]);
  });

  it('is not done until its parking is confirmed', async () => {
    let away = true;
    const kept = ledgerOf({ isAway: () => away });
    const { deliver, logs } = processOf(failing('A1'), {
      ledger: kept.ledger,
      onFailure: { action: 'park-record', attempts: 1 },
    });
    const records = recordsOf('A');
    expect(await deliver(records)).toMatchObject({ firstUnfinished: '1', counts: { parked: 0 } });
    expect(logs.filter(({ level }) => level === 'error').map(({ fields }) => fields)).toContainEqual(
      expect.objectContaining({ err: expect.objectContaining({ message: 'the store is away' }) }),
    );
    away = false;
    expect(await deliver(records)).toMatchObject({ firstUnfinished: undefined, counts: { parked: 1 } });
    expect(kept.names()).toEqual(['A1']);
  });

  it('that asks for later is never given up', async () => {
    const { ledger, parked } = ledgerOf();
    const { deliver } = processOf(() => retryLater('busy'), {
      ledger,
      onFailure: { action: 'park-record', attempts: 1 },
    });
    expect((await deliver(recordsOf('A'))).firstUnfinished).toBe('1');
    expect(parked).toEqual([]);
  });

  it('is dropped when it has been sent, not before', async () => {
    const sent: FailedChange[] = [];
    let isDown = true;
    const destination = async (failure: FailedChange) => {
      if (isDown) throw new Error('queue is down');
      sent.push(failure);
    };
    const { deliver, logs } = processOf(failing('A1'), {
      onFailure: { action: 'drop', attempts: 1, destination },
    });
    const records = recordsOf('A');
    expect((await deliver(records)).firstUnfinished).toBe('1');
    isDown = false;
    expect(await deliver(records)).toMatchObject({ firstUnfinished: undefined, counts: { dropped: 1 } });
    expect(sent).toMatchObject([{ handlerId: 'h', reason: 'attempts', attempts: 2, record: records[0] }]);
    expect(logs.at(-1)).toMatchObject({ level: 'error', message: 'change dropped', fields: { attempts: 2 } });
  });

  it('is tried by all of a layer around records first', async () => {
    const { ledger, parked } = ledgerOf();
    let left = 2;
    const { deliver } = processOf(
      () => {
        if (left-- > 0) throw new Error('not yet');
      },
      {
        ledger,
        onFailure: { action: 'park-record', attempts: 1 },
        middleware: { record: [retry({ attempts: 3, backoff: { delayMs: () => 0 } })] },
      },
    );
    expect(await deliver(recordsOf('A'))).toMatchObject({
      firstUnfinished: undefined,
      counts: { parked: 0 },
    });
    expect(parked).toEqual([]);
  });

  it('is left to a layer around records that says it is done', async () => {
    const { ledger, parked } = ledgerOf();
    const swallow: Middleware<RecordCall> = async (_call, next) => {
      await next();
      const { skipped } = await import('./index.js');
      return skipped('never mind');
    };
    const { deliver } = processOf(failing('A1'), {
      ledger,
      onFailure: { action: 'park-record', attempts: 1 },
      middleware: { record: [swallow] },
    });
    expect((await deliver(recordsOf('A'))).firstUnfinished).toBeUndefined();
    expect(parked).toEqual([]);
  });

  it('holds up none of the other handlers of its record', async () => {
    const kept = ledgerOf();
    const ran: string[] = [];
    const routes = ['first', 'poison', 'last'].map((id) =>
      route.on(shop, { id }, () => {
        ran.push(id);
        if (id === 'poison') throw new Error('no');
      }),
    );
    const router = createRouter({
      name: 'test',
      routes,
      ledger: kept.ledger,
      onFailure: { action: 'park-record', attempts: 1 },
      logger: { debug() {}, info() {}, warn() {}, error() {} },
    });
    const { firstUnfinished } = await runBatch(router, recordsOf('A'), { memory: createProcessMemory() });
    expect(firstUnfinished).toBeUndefined();
    expect(ran).toEqual(['first', 'poison', 'last']);
    expect(kept.parked).toMatchObject([{ failure: { handlerId: 'poison' } }]);
  });

  it('is found in its group: before a group is given up its changes are tried one by one', async () => {
    const kept = ledgerOf();
    const groups: string[] = [];
    const together = route.batch(
      shop,
      { id: 'h', onFailure: { action: 'park-record', attempts: 2 } },
      (changes) => {
        const names = changes.map(({ record }) => nameOf(record));
        groups.push(names.join(' '));
        if (names.includes('A2')) throw new Error('no A2');
      },
    );
    const router = createRouter({
      name: 'test',
      routes: together,
      ledger: kept.ledger,
      logger: { debug() {}, info() {}, warn() {}, error() {} },
    });
    const memory = createProcessMemory();
    const records = recordsOf('AAA');
    expect((await runBatch(router, records, { memory })).firstUnfinished).toBe('1');
    expect((await runBatch(router, records, { memory })).firstUnfinished).toBeUndefined();
    expect(groups).toEqual(['A1 A2 A3', 'A1', 'A2', 'A3']);
    expect(kept.names()).toEqual(['A2']);
  });

  it('takes none of its group with it where the policy allows one attempt: the group is one, and each change has its own', async () => {
    const kept = ledgerOf();
    const groups: string[] = [];
    const { deliver } = groupsOf(groups, failing('A2'), {
      ledger: kept.ledger,
      onFailure: { action: 'park-record', attempts: 1 },
    });
    expect((await deliver(recordsOf('AAA'))).firstUnfinished).toBe('1');
    expect((await deliver(recordsOf('AAA'))).firstUnfinished).toBeUndefined();
    expect(groups).toEqual(['A1 A2 A3', 'A1', 'A2', 'A3']);
    expect(kept.names()).toEqual(['A2']);
  });

  it('is in no group behind the end of a process: what is told before it runs is one record', async () => {
    const kept = ledgerOf();
    const told: string[] = [];
    Object.assign(await kept.ledger.open([], {} as never), {
      starting: async (record: StreamRecord) => void told.push(nameOf(record)),
    });
    const groups: string[] = [];
    const { deliver } = groupsOf(groups, () => {}, { ledger: kept.ledger });
    expect((await deliver(recordsOf('AAA'))).firstUnfinished).toBeUndefined();
    expect(groups).toEqual(['A1', 'A2', 'A3']);
    expect(told).toEqual(groups);
  });

  it('that ended as many processes as its policy allows attempts is given up without being run', async () => {
    const suspect = recordState([], { h: 3 }, ['h']);
    const kept = ledgerOf({
      recall: (record) => (nameOf(record) === 'A1' ? structuredClone(suspect) : undefined),
    });
    const { deliver, ran } = processOf(() => {}, {
      ledger: kept.ledger,
      onFailure: { action: 'park-record', attempts: 3 },
    });
    expect((await deliver(recordsOf('AB'))).firstUnfinished).toBeUndefined();
    expect(ran).toEqual(['B2']);
    expect(kept.parked).toMatchObject([
      { name: 'A1', failure: { reason: 'crashed', attempts: 3, error: { code: 'PROCESS_ENDED' } } },
    ]);
  });
});

describe('lanes behind a source that repeats', () => {
  it('go on behind a failure in another one where there is a ledger, which is told what they did', async () => {
    const kept = ledgerOf();
    const { deliver, ran } = processOf(failing('A1'), { ledger: kept.ledger });
    expect((await deliver(recordsOf('ABBA'))).firstUnfinished).toBe('1');
    expect(ran).toEqual(['A1', 'B2', 'B3']);
    expect(kept.kept).toEqual([{ done: ['2', '3'], isDone: false }]);
  });

  it('repeat nothing that the ledger remembers, in a process that knows of nothing', async () => {
    const { ledger } = ledgerOf({
      recall: ({ dynamodb }) =>
        ['2', '3'].includes(dynamodb.SequenceNumber) ? recordState(['h']) : undefined,
    });
    const { deliver, ran } = processOf(() => {}, { ledger });
    expect((await deliver(recordsOf('ABBA'))).firstUnfinished).toBeUndefined();
    expect(ran).toEqual(['A1', 'A4']);
  });

  it('learn from the ledger what another process did since this one had the records', async () => {
    let others: ReturnType<typeof recordState> | undefined;
    const { ledger } = ledgerOf({
      recall: ({ dynamodb }) => (dynamodb.SequenceNumber === '1' ? others : undefined),
    });
    const { deliver, ran } = processOf(failing('A1', 'B2'), { ledger });
    expect((await deliver(recordsOf('AB'))).firstUnfinished).toBe('1');
    others = recordState(['h']);
    expect((await deliver(recordsOf('AB'))).firstUnfinished).toBe('2');
    expect(ran).toEqual(['A1', 'B2', 'B2']);
  });

  it('keep trying to tell the ledger until the deadline, and into the reserve', async () => {
    const kept = ledgerOf();
    const clock = { now: () => 1_000, sleep: () => new Promise<void>(() => undefined) };
    const router = createRouter({
      name: 'test',
      ledger: kept.ledger,
      routes: route.on(shop, { id: 'h' }, () => {}),
      clock,
    });
    const memory = createProcessMemory();
    await runBatch(router, recordsOf('A'), { memory, budgetMs: 60_000, reserveMs: 4_000 });
    await runBatch(router, recordsOf('A'), { memory });
    expect(kept.untilMs).toEqual([1_000 + 60_000 + 3_000, 1_000 + 10_000]);
  });

  it('ask no ledger about records that nobody wants', async () => {
    const kept = ledgerOf();
    const router = createRouter({
      name: 'test',
      ledger: kept.ledger,
      routes: route.remove(shop, { id: 'h' }, () => {}),
    });
    await runBatch(router, recordsOf('AB'), { memory: createProcessMemory() });
    expect(kept.reads()).toBe(0);
  });

  it('run nothing when the ledger cannot tell what is done', async () => {
    const { ledger } = ledgerOf();
    const { deliver, ran } = processOf(() => {}, {
      ledger: { ...ledger, open: () => Promise.reject(new Error('away')) },
    });
    await expect(deliver(recordsOf('A'))).rejects.toThrow('away');
    expect(ran).toEqual([]);
  });
});

describe('at start', () => {
  const { ledger } = ledgerOf();
  const kept = { ledger, name: 'test' };
  const problemsWith = (options: Partial<RouterOptions>, ofRoute: object = {}) =>
    problemsOf(
      route.on(shop, { id: 'h', ...ofRoute }, () => {}),
      options,
    );

  it('a ledger needs a name', () => {
    expect(problemsWith({ ledger })).toEqual([expect.stringContaining('no name')]);
  });

  it('a store is no ledger yet', () => {
    const store = { get: () => {}, list: () => {}, put: () => {}, delete: () => {} } as unknown as Ledger;
    expect(problemsWith({ ledger: store, name: 'test' })).toEqual([
      'ledger is no ledger; give createLedger(store)',
    ]);
  });

  it.each([
    [{}, { once: true }, 'h is to run once, which needs a ledger'],
    [{}, { onFailure: 'park-item' }, 'onFailure of h is park-item, which needs a ledger'],
    [{ onFailure: 'park-record' }, {}, 'onFailure is park-record, which needs a ledger'],
    [
      {},
      { onFailure: { action: 'drop', attempts: 0 } },
      'attempts in onFailure of h is 0; give a whole number',
    ],
    [{}, { onFailure: 'ignore' }, 'onFailure of h is ignore; give block'],
    [
      {},
      { onFailure: { action: 'drop', attempt: 3 } },
      'an option in onFailure of h is attempt; give action, attempts, destination',
    ],
    [kept, { once: 'later' }, 'once of h is later; give true or { inProgress }'],
    [kept, { once: { inProgress: 'skip' } }, 'inProgress in once of h is skip; give wait, later'],
    [
      { ...kept, onFailure: { action: 'park-record', destination: async () => {} } },
      {},
      'onFailure is park-record with a destination of type function; give drop with a function',
    ],
    [
      {},
      { onFailure: { action: 'drop', destination: 'https://sqs.example' } },
      'onFailure of h is drop with a destination of type string; give drop with a function',
    ],
    [{}, { onFailure: { action: 'drop', destination: '' } }, 'is drop with a destination of type string'],
    [
      { ...kept, lane: 'unordered' },
      { onFailure: 'park-item' },
      'onFailure of h is park-item, but lane is unordered',
    ],
  ] as const)('what cannot be gone by is told: %j %j', (options, ofRoute, problem) => {
    expect(problemsWith(options as object, ofRoute)).toEqual([expect.stringContaining(problem)]);
  });

  it.each([
    { once: false },
    { once: true },
    { once: {} },
    { once: { inProgress: 'wait' } },
    { once: { inProgress: 'later' } },
    { onFailure: { action: 'drop', destination: async () => {} } },
  ])('what can be gone by is taken: %j', (ofRoute) => {
    expect(problemsWith(kept, ofRoute)).toEqual([]);
  });

  it('an entity that parks what does not fit it needs a handler that parks', () => {
    const schema = {
      '~standard': { version: 1, vendor: 'test', validate: (value: unknown) => ({ value: value as object }) },
    } as const;
    const Order = shop.entity('Order', { schema, onInvalid: 'park' });
    const routes = route.on(Order, { id: 'h' }, () => {});
    expect(problemsOf(routes)).toEqual([expect.stringContaining('is to park items that do not fit Order')]);
    expect(problemsOf(routes, kept)).toEqual([]);
  });
});
