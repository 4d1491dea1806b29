import { lambdaEvent, recordsOf } from '@sluice/testing';
import { describe, expect, test } from 'vitest';
import { readRecords, recordsIn } from './read-records.js';

const shop = recordsOf({ table: 'shop', keys: { partition: 'pk' } });
const [insert, modify] = [
  shop.insert({ pk: 'A', n: 1 }),
  shop.modify({ pk: 'A', n: 1 }, { pk: 'A', n: 2, b: new Uint8Array([1, 255]) }),
];
const expire = shop.expire({ pk: 'B' });
const both = [insert, modify];

/** The same record as the Streams API has it, before Lambda puts its ARN into it. */
function fromApi({ eventSourceARN: _, userIdentity, ...record }: typeof insert, created: unknown) {
  return {
    ...record,
    ...(userIdentity && {
      userIdentity: { Type: userIdentity.type, PrincipalId: userIdentity.principalId },
    }),
    dynamodb: { ...record.dynamodb, ApproximateCreationDateTime: created },
  };
}

function problemsOf(text: string): string {
  try {
    recordsIn(text, 'records.json');
  } catch (error) {
    expect(error).toMatchObject({ code: 'USAGE' });
    return (error as Error).message;
  }
  throw new Error('it was taken');
}

describe('records are read from', () => {
  const json = JSON.stringify;
  const payload = json(lambdaEvent(both));
  const info = { batchSize: 2, streamArn: shop.streamArn };
  test.each([
    ['a list', json(both)],
    ["Lambda's event", json(lambdaEvent(both))],
    ['indented JSON', json(lambdaEvent(both), undefined, 2)],
    ['lines of records', `${both.map((record) => json(record)).join('\n')}\n\n`],
    ['lines of events', both.map((record) => json(lambdaEvent([record]))).join('\r\n')],
    ['a list of events', json(both.map((record) => lambdaEvent([record])))],
    ['a failure document of S3', json({ version: '1.0', DDBStreamBatchInfo: info, payload })],
    [
      'the output of get-records',
      json({ Records: both.map((record) => fromApi(record, 1_772_496_000.9)), NextShardIterator: 'x' }),
    ],
  ])('%s', (_name, text) => {
    const { records, window } = recordsIn(text, 'records.json', shop.streamArn);
    expect(records.map(({ dynamodb }) => dynamodb.NewImage)).toEqual(
      both.map(({ dynamodb }) => dynamodb.NewImage),
    );
    expect(records.map(({ eventSourceARN }) => eventSourceARN)).toEqual([shop.streamArn, shop.streamArn]);
    expect(window).toBeUndefined();
  });

  test.each([
    ['UTF-8 with a mark', Buffer.from(`\ufeff${json(both)}`)],
    ['UTF-16, as PowerShell writes it', Buffer.from(`\ufeff${json(both)}`, 'utf16le')],
  ])('%s', async (_name, bytes) => {
    async function* stdin() {
      yield* [bytes.subarray(0, 101), bytes.subarray(101)];
    }
    const { records } = await readRecords('-', undefined, { cwd: '/', stdin: stdin() });
    expect(records).toEqual(both);
  });

  test('one record, which stays as it is', () => {
    expect(recordsIn(json(expire), 'record.json')).toEqual({ records: [expire], window: undefined });
  });

  test('an event of a tumbling window, with all that it has besides', () => {
    const window = { start: '2026-03-03T00:00:00Z', end: '2026-03-03T00:01:00Z' };
    const event = { window, state: { sum: { n: 1 } }, shardId: 's', isFinalInvokeForWindow: true };
    expect(recordsIn(json({ Records: [insert], ...event }), 'f')).toEqual({
      records: [insert],
      window: event,
    });
    expect(recordsIn(json({ payload: json({ Records: null, ...event }) }), 'f')).toEqual({
      records: [],
      window: event,
    });
    expect(problemsOf(json([{ Records: [], ...event }, lambdaEvent(both)]))).toMatch(
      /records\.json has an event of a tumbling window beside others/,
    );
  });
});

describe('a record of the Streams API comes into the form of Lambda', () => {
  const created = expire.dynamodb.ApproximateCreationDateTime ?? 0;
  test.each([
    ['seconds', created],
    ['text in UTC', new Date(created * 1000).toISOString()],
    ['text with an offset', new Date((created + 7200) * 1000).toISOString().replace('.000Z', '+02:00')],
  ])('with its identity, its ARN and its time as %s', (_form, time) => {
    const text = JSON.stringify(fromApi(expire, time));
    expect(recordsIn(text, 'f', shop.streamArn).records).toEqual([expire]);
  });

  test('with bytes as the SDK and Node leave them in JSON', () => {
    const item = (bytes: unknown) => ({ pk: { S: 'A' }, m: { M: { b: { B: bytes }, s: { BS: [bytes] } } } });
    for (const bytes of [{ '0': 1, '1': 255 }, { type: 'Buffer', data: [1, 255] }, 'Af8=']) {
      const record = { ...insert, dynamodb: { ...insert.dynamodb, NewImage: item(bytes) } };
      const [read] = recordsIn(JSON.stringify(record), 'f').records;
      expect(read?.dynamodb.NewImage).toEqual(item('Af8='));
    }
  });

  test('and attributes with odd names stay', () => {
    const item = '{"__proto__":{"S":"x"},"0":{"N":"1"},"type":{"S":"Buffer"},"data":{"L":[]}}';
    const text = JSON.stringify(insert).replace(/"NewImage":\{.*?\}\}/, `"NewImage":${item}`);
    expect(JSON.stringify(recordsIn(text, 'f').records[0]?.dynamodb.NewImage)).toBe(
      '{"0":{"N":"1"},"__proto__":{"S":"x"},"type":{"S":"Buffer"},"data":{"L":[]}}',
    );
  });

  test('its own ARN wins over a given one', () => {
    const other = shop.streamArn.replace('shop', 'other');
    expect(recordsIn(JSON.stringify(insert), 'f', other).records).toEqual([insert]);
  });
});

describe('what cannot be read is told with its place', () => {
  const changed = (part: object) => JSON.stringify({ Records: [insert, { ...modify, ...part }] });
  const inDynamodb = (part: object) => changed({ dynamodb: { ...modify.dynamodb, ...part } });
  test.each([
    ['nothing', '  \n', /^records\.json is empty; expected a stream record, a list/],
    ['no JSON', '{\n  "a": 1,,\n}', /^records\.json is no JSON from line 2, column 10 on/],
    [
      'a line that is no JSON',
      `${JSON.stringify(insert)}\n{"eventName"`,
      /^line 2 of records\.json is no JSON/,
    ],
    ['a text', '"a"', /^records\.json is no object; expected/],
    ['an item', '{ "pk": "A", "n": 1 }', /^records\.json has pk, n; expected a stream record/],
    ['an empty object', '[{}]', /^\[0\] of records\.json has nothing; expected/],
    ['records of another kind', '{ "Records": {} }', /^records\.json has Records that are no list/],
    [
      'records of another service',
      '{ "Records": [{ "eventSource": "aws:sqs", "body": "" }] }',
      /^Records\[0\] of records\.json is of aws:sqs; expected/,
    ],
    [
      'a failure document without its records',
      '{ "DDBStreamBatchInfo": {} }',
      /^records\.json tells where the records are and holds none.*within 24 hours/,
    ],
    ['a payload that is no JSON', '{ "payload": "{" }', /^the payload of records\.json is no JSON/],
    [
      'another event',
      changed({ eventName: 'UPDATE' }),
      /^Records\[1\].* has the eventName "UPDATE"; expected INSERT/,
    ],
    ['no change', changed({ dynamodb: null }), /^Records\[1\].* has no dynamodb/],
    ['no keys', inDynamodb({ Keys: {} }), /^Records\[1\].* has no dynamodb\.Keys/],
    [
      'a number',
      inDynamodb({ SequenceNumber: 5 }),
      /^Records\[1\].* no dynamodb\.SequenceNumber of digits in quotes/,
    ],
    [
      'a time without a zone',
      inDynamodb({ ApproximateCreationDateTime: '2026-03-03T00:00:00' }),
      /^Records\[1\].* neither seconds nor ISO 8601/,
    ],
    [
      'no ARN',
      changed({ eventSourceARN: undefined }),
      /^Records\[1\].* no eventSourceARN; give .* --stream-arn/,
    ],
    [
      'no stream',
      changed({ eventSourceARN: 'arn:aws:sqs:x' }),
      /^Records\[1\].* an eventSourceARN without a table/,
    ],
    [
      'a number without quotes, which JSON rounds',
      inDynamodb({ NewImage: { pk: { S: 'A' }, 'a b': { M: { n: { L: [{ N: 12345678901234567000 }] } } } } }),
      /^Records\[1\].* has a number without quotes, which JSON may round, at dynamodb\.NewImage\["a b"\]\.M\.n\.L\[0\]\.N; give/,
    ],
    [
      'a number for text',
      inDynamodb({ Keys: { pk: { S: 5 } } }),
      /^Records\[1\].* without quotes.* at dynamodb\.Keys\.pk\.S; give/,
    ],
    [
      'a plain item for keys',
      inDynamodb({ Keys: { pk: 'hunter2' } }),
      /^Records\[1\] of records\.json has dynamodb\.Keys that cannot be read: An attribute value has/,
    ],
    [
      'another view',
      inDynamodb({ StreamViewType: 'ALL' }),
      /^Records\[1\].* has the StreamViewType "ALL"; expected KEYS_ONLY, NEW_IMAGE, OLD_IMAGE or NEW_AND_OLD_IMAGES/,
    ],
    [
      'an ARN with what a terminal acts on',
      changed({ eventSourceARN: `${shop.streamArn}\u001b[2J` }),
      /^Records\[1\].* an eventSourceARN without a table/,
    ],
  ])('%s', (_name, text, expected) => {
    expect(problemsOf(text)).toMatch(expected);
  });

  test.each([{ '\u001b[2J': 1 }, { eventName: 'INSERT', eventSource: '\u001b[2J\u009b' }])(
    'without characters that a terminal acts on: %j',
    (given) => {
      expect(problemsOf(JSON.stringify(given))).toMatch(/^[^\p{Cc}]*\\u001b\[2J[^\p{Cc}]*$/u);
    },
  );

  test('all of it at once, and of very many the first ten', () => {
    expect(problemsOf('[1, [2], {}]').split('\n')).toHaveLength(3);
    const many = problemsOf(JSON.stringify(Array(25).fill(0))).split('\n');
    expect(many).toHaveLength(11);
    expect(many.at(-1)).toBe('and 15 more like these');
  });

  test('without any value of the item', () => {
    expect(
      problemsOf('{"eventName":"INSERT","dynamodb":{"NewImage":{"secret":{"S":"hunter2"}}}'),
    ).not.toContain('hunter2');
    expect(problemsOf('{"secret": hunter2}')).not.toContain('hunter2');
  });
});
