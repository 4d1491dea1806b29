import { type AttributeMap, type EventName, type Model, type StreamRecord, table } from '@sluice/filters';
import type { StandardSchemaV1 } from '@standard-schema/spec';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import {
  type Change,
  createProcessMemory,
  createRouter,
  type Logger,
  type Route,
  route,
  runBatch,
} from './index.js';

const shop = table('shop', { keys: { partition: 'pk' } });
const good: AttributeMap = { total: { N: '12' } };
const bad: AttributeMap = { total: { S: 'a dozen' } };
const Total = z.object({ total: z.number() });

function record(eventName: EventName, images: { old?: AttributeMap; new?: AttributeMap }): StreamRecord {
  return {
    eventName,
    eventSourceARN: 'arn:aws:dynamodb:eu-central-1:123456789012:table/shop/stream/2026-01-01T00:00:00.000',
    dynamodb: {
      Keys: { pk: { S: 'A' } },
      ...(images.old && { OldImage: images.old }),
      ...(images.new && { NewImage: images.new }),
      SequenceNumber: '1',
    },
  };
}

/** Runs one record through one handler of every event, and says what the handler saw and what came of it. */
async function deliver<M extends Model>(
  entity: M,
  given: StreamRecord,
  look?: (change: Change<M>) => unknown,
) {
  const seen: unknown[] = [];
  const { counts, errors } = await run(
    [route.on(entity, { id: 'h' }, (change) => void seen.push(look?.(change as Change<M>)))],
    given,
  );
  return { seen, counts, errors };
}

async function run(routes: readonly Route[], given: StreamRecord) {
  const errors: unknown[] = [];
  const logger: Logger = {
    debug: () => undefined,
    info: () => undefined,
    warn: () => undefined,
    error: (fields) => void errors.push((fields as { err: unknown }).err),
  };
  const router = createRouter({ routes, logger });
  const { counts } = await runBatch(router, [given], { memory: createProcessMemory() });
  return { counts, errors };
}

describe('an entity with a schema', () => {
  const Order = shop.entity('Order', { schema: Total });

  it('hands over what fits', async () => {
    const { seen } = await deliver(Order, record('INSERT', { new: good }), (change) =>
      change.eventName === 'INSERT' ? change.new : undefined,
    );
    expect(seen).toEqual([{ total: 12 }]);
  });

  it('fails a record whose item does not fit, and says where and why', async () => {
    const { seen, counts, errors } = await deliver(Order, record('INSERT', { new: bad }));
    expect(seen).toEqual([]);
    expect(counts).toMatchObject({ failed: 1, handled: 0, skipped: 0 });
    expect(errors).toEqual([
      expect.objectContaining({
        code: 'INVALID_ITEM',
        issues: [{ path: 'total', message: expect.stringContaining('expected number') }],
        message: expect.stringMatching(/item of Order does not fit its schema: total\..*onInvalid: 'skip'/),
      }),
    ]);
  });

  it('judges the new image of a MODIFY, and the old image only where it is the subject, of a REMOVE', async () => {
    const failures = async (given: StreamRecord) => (await deliver(Order, given)).counts.failed;
    expect(await failures(record('MODIFY', { old: bad, new: good }))).toBe(0);
    expect(await failures(record('MODIFY', { old: good, new: bad }))).toBe(1);
    expect(await failures(record('REMOVE', { old: good }))).toBe(0);
    expect(await failures(record('REMOVE', { old: bad }))).toBe(1);
  });

  it('leaves the old image of a MODIFY as it is stored', async () => {
    const Trimmed = shop.entity('Trimmed', { schema: z.object({ name: z.string().trim() }) });
    const given = record('MODIFY', { old: { name: { S: ' a ' } }, new: { name: { S: ' b ' } } });
    const { seen } = await deliver(Trimmed, given, (change) =>
      change.eventName === 'MODIFY' ? [change.old, change.new] : undefined,
    );
    expect(seen).toEqual([[{ name: ' a ' }, { name: 'b' }]]);
  });

  it('hands over what the schema makes of an item', async () => {
    const since = z.object({
      since: z.string().transform((text) => new Date(text)),
      extra: z.string().default('none'),
    });
    const Dated = shop.entity('Dated', { schema: since });
    const given = record('REMOVE', { old: { since: { S: '2026-01-01T00:00:00Z' } } });
    const { seen } = await deliver(Dated, given, (change) =>
      change.eventName === 'REMOVE' ? change.old : undefined,
    );
    expect(seen).toEqual([{ since: new Date('2026-01-01T00:00:00Z'), extra: 'none' }]);
  });

  it('takes a schema that answers later', async () => {
    const Later = shop.entity('Later', {
      schema: z.object({
        total: z.number().refine(async (total) => Promise.resolve(total < 20), 'too much'),
      }),
    });
    expect((await deliver(Later, record('INSERT', { new: good }))).counts.handled).toBe(1);
    const { errors } = await deliver(Later, record('INSERT', { new: { total: { N: '20' } } }));
    expect(errors).toEqual([expect.objectContaining({ issues: [{ path: 'total', message: 'too much' }] })]);
  });

  it.each([
    [
      'throws',
      () => {
        throw new Error('schema is broken');
      },
    ],
    ['rejects', () => Promise.reject(new Error('schema is broken'))],
  ])('fails the record when its schema %s', async (_how, validate) => {
    const Broken = shop.entity('Broken', { schema: standard(validate), onInvalid: 'skip' });
    const { seen, counts, errors } = await deliver(Broken, record('INSERT', { new: good }));
    expect({ seen, failed: counts.failed }).toEqual({ seen: [], failed: 1 });
    expect(errors).toEqual([new Error('schema is broken')]);
  });

  it('judges one image after another: what is wrong with the second is not looked at before the first has its answer', async () => {
    const asked: unknown[] = [];
    const Both = shop.entity('Both', {
      validate: 'both',
      schema: standard((value) => {
        asked.push(value);
        return Promise.reject(new Error('no answer'));
      }),
    });
    const malformed = { total: { X: 1 } as never };
    const { counts, errors } = await deliver(Both, record('MODIFY', { old: good, new: malformed }));
    expect({ asked, failed: counts.failed }).toEqual({ asked: [{ total: 12 }], failed: 1 });
    expect(errors).toEqual([new Error('no answer')]);
  });

  it('waits for whatever can be waited for, a promise of its own kind too', async () => {
    const later: PromiseLike<StandardSchemaV1.Result<object>> = {
      // biome-ignore lint/suspicious/noThenProperty: that is what it is to be waited for
      then: (resolve) => Promise.resolve({ value: { total: 'late' } }).then(resolve),
    };
    const Late = shop.entity('Late', { schema: standard(() => later as Promise<never>) });
    const { seen } = await deliver(Late, record('INSERT', { new: good }), (change) =>
      change.eventName === 'INSERT' ? change.new : undefined,
    );
    expect(seen).toEqual([{ total: 'late' }]);
  });

  it('names nested paths, however the schema writes them', async () => {
    const path = ['lines', { key: 0 }, 'sku', Symbol('x')] as const;
    const Nested = shop.entity('Nested', {
      schema: standard(() => ({ issues: [{ message: 'bad', path }, { message: 'worse' }] })),
    });
    const { errors } = await deliver(Nested, record('INSERT', { new: good }));
    expect(errors).toEqual([
      expect.objectContaining({
        issues: [
          { path: 'lines[0].sku.Symbol(x)', message: 'bad' },
          { path: '', message: 'worse' },
        ],
        message: expect.stringContaining('lines, the whole item. '),
      }),
    ]);
  });

  it('fails a record whose number is beyond a number, and the message says what to do', async () => {
    const { errors } = await deliver(
      Order,
      record('INSERT', { new: { total: { N: '12345678901234567890.5' } } }),
    );
    expect(errors).toEqual([
      expect.objectContaining({
        message: expect.stringMatching(/total\..*table\(…, \{ numbers \}\)/),
      }),
    ]);
  });

  it('fails a record whose image it cannot decode', async () => {
    const { errors } = await deliver(Order, record('INSERT', { new: { total: { SS: [] } } }));
    expect(errors).toEqual([expect.objectContaining({ code: 'MALFORMED_VALUE' })]);
  });
});

describe("validate: 'both'", () => {
  const Order = shop.entity('Order', { schema: Total, validate: 'both' });

  it('judges both images of a MODIFY, and the one that there is of the other events', async () => {
    const failures = async (given: StreamRecord) => (await deliver(Order, given)).counts.failed;
    expect(await failures(record('MODIFY', { old: bad, new: good }))).toBe(1);
    expect(await failures(record('MODIFY', { old: good, new: bad }))).toBe(1);
    expect(await failures(record('MODIFY', { old: good, new: good }))).toBe(0);
    expect(await failures(record('INSERT', { new: good }))).toBe(0);
    expect(await failures(record('REMOVE', { old: good }))).toBe(0);
  });

  it('tells every handler of a record the same, though the schema changes what it takes', async () => {
    const Dated = shop.entity('Dated', {
      schema: z.object({ since: z.iso.datetime().transform((text) => new Date(text)) }),
      validate: 'both',
    });
    const routes = ['one', 'two'].map((id) => route.modify(Dated, { id }, () => undefined));
    const { errors } = await run(
      routes,
      record('MODIFY', { old: { since: { S: '2026-01-01T00:00:00Z' } }, new: { since: { S: 'now' } } }),
    );
    const issues = errors.map((error) => (error as { issues: unknown }).issues);
    expect(issues).toEqual([issues[0], issues[0]]);
    expect(JSON.stringify(issues[0])).toContain('Invalid ISO datetime');
  });
});

describe("validate: 'none'", () => {
  it('hands over the item as it is stored, without asking the schema', async () => {
    const Order = shop.entity('Order', {
      schema: standard(() => Promise.reject(new Error('asked'))),
      validate: 'none',
    });
    const { seen, counts } = await deliver(Order, record('INSERT', { new: bad }), (change) =>
      change.eventName === 'INSERT' ? change.new : undefined,
    );
    expect({ seen, handled: counts.handled }).toEqual({ seen: [{ total: 'a dozen' }], handled: 1 });
  });
});

describe("onInvalid: 'skip'", () => {
  it('counts an item that does not fit as skipped, never as handled, and the record is done', async () => {
    const Order = shop.entity('Order', { schema: Total, onInvalid: 'skip' });
    const { seen, counts, errors } = await deliver(Order, record('INSERT', { new: bad }));
    expect({ seen, errors }).toEqual({ seen: [], errors: [] });
    expect(counts).toMatchObject({ records: 1, unmatched: 0, handled: 0, skipped: 1, failed: 0 });
  });
});

describe('validation', () => {
  it('happens once for the handlers of one entity, and separately for each entity', async () => {
    const asked: string[] = [];
    const entity = (name: string) =>
      shop.entity(name, {
        schema: standard((value) => {
          asked.push(name);
          return { value: { ...(value as object), by: name } };
        }),
      });
    const [One, Two] = [entity('One'), entity('Two')];
    const seen: unknown[] = [];
    await run(
      [
        route.insert(One, { id: 'a' }, (change) => void seen.push(change.new)),
        route.insert(Two, { id: 'b' }, (change) => void seen.push(change.new)),
        route.insert(One, { id: 'c' }, (change) => void seen.push(change.new)),
      ],
      record('INSERT', { new: good }),
    );
    expect(asked).toEqual(['One', 'Two']);
    expect(seen).toEqual(['One', 'Two', 'One'].map((by) => ({ total: 12, by })));
  });
});

function standard(
  validate: (value: unknown) => StandardSchemaV1.Result<object> | Promise<StandardSchemaV1.Result<object>>,
): StandardSchemaV1<object, object> {
  return { '~standard': { version: 1, vendor: 'test', validate } };
}

it('what a schema says of an item stays out of logs, where it may quote the item', async () => {
  const quoting: StandardSchemaV1<object, object> = {
    '~standard': {
      version: 1,
      vendor: 'test',
      validate: () => ({
        issues: [{ message: 'not "jo@secret.example"', path: ['byEmail', 'jo@secret.example'] }],
      }),
    },
  };
  const Quoted = shop.entity('Quoted', { schema: quoting });
  const routes = [route.insert(Quoted, { id: 'it' }, () => undefined)];
  const { errors } = await run(routes, record('INSERT', { new: good }));
  const [err] = errors as [Error & { issues: unknown }];
  expect(JSON.stringify({ ...err, message: err.message, stack: err.stack })).not.toContain('secret');
  expect(err.issues).toEqual([{ path: 'byEmail["jo@secret.example"]', message: 'not "jo@secret.example"' }]);
});
