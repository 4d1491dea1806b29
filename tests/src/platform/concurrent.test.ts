import { type Clock, createRouter, type Logger, type Order, route } from '@sluice/core';
import { lambda } from '@sluice/lambda';
import { lambdaEvent, seededRandom, virtualClock } from '@sluice/testing';
import { describe, expect, it } from 'vitest';
import { nameOf, type StreamRecord, shop, writes } from './setup.js';

/** A batch of records that is delivered until it is done, each time by an invocation with a time limit of its own. */
interface Story {
  readonly name: string;
  readonly records: readonly StreamRecord[];
  readonly startMs: number;
  readonly timeoutMs: number;
}

/** What a handler does with a record. */
interface Work {
  readonly sleepMs: number;
  readonly failures: number;
  /** Stops when its signal aborts, or goes on. */
  readonly heeds: boolean;
}

/** What a call of it was given, and when. */
interface Call {
  readonly name: string;
  readonly attempt: number;
  readonly deadlineMs: number;
  readonly idempotencyKey: string;
  readonly startedMs: number;
  readonly aborted: boolean;
}

interface Line {
  readonly level: string;
  readonly message: string;
  readonly requestId?: string;
}

const storyCount = 40;

/** Stories of one stream, whose records lie among each other as those of many shards do. */
function storiesFrom(seed: number) {
  const random = seededRandom(seed);
  const below = (limit: number) => Math.floor(random() * limit);
  const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ';
  const names = Array.from({ length: 4 * storyCount }, (_, n) => `${letters[below(26)]}${n}`);
  const records = writes(names.join(' '));
  const works = new Map<string, Work>(
    names.map((name) => {
      const failures = random() < 0.2 ? 1 + below(2) : 0;
      return [name, { sleepMs: below(400), failures, heeds: random() < 0.5 }];
    }),
  );
  const stories = Array.from({ length: storyCount }, (_, index): Story => {
    const own = records.filter((_, at) => at % storyCount === index);
    const size = 1 + below(own.length);
    return {
      name: `story-${index}`,
      records: own.slice(0, size),
      startMs: below(500),
      timeoutMs: 1_200 + below(900),
    };
  });
  return { stories, works };
}

/** One environment: a handler, what it logs, and what its calls were given. */
function environment(works: ReadonlyMap<string, Work>, clock: Clock, order: Order) {
  const lines: Line[] = [];
  const calls: Call[] = [];
  const begun = new Map<string, number>();
  const underWay = { now: 0, most: 0 };
  const at =
    (level: string): Logger['info'] =>
    (fields, message) => {
      const { err, ...told } = fields as { readonly err?: unknown };
      lines.push({ ...told, ...(err !== undefined && { err: String(err) }), level, message });
    };
  const logger: Logger = { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') };
  const work = route.insert(shop, { id: 'work' }, async ({ record }, context) => {
    const name = nameOf(record);
    const { attempt, deadlineMs, signal, idempotencyKey } = context;
    const { sleepMs, failures, heeds } = works.get(name) as Work;
    const startedMs = clock.now();
    context.logger.info({ name }, 'begins');
    const times = (begun.get(name) ?? 0) + 1;
    begun.set(name, times);
    await clock.sleep(sleepMs / times, heeds ? signal : undefined); // so that it ends in time some day
    calls.push({ name, attempt, deadlineMs, idempotencyKey, startedMs, aborted: signal.aborted });
    if (heeds) signal.throwIfAborted();
    if (attempt <= failures) throw new Error(`${name} fails at attempt ${attempt}`);
    context.logger.info({ name }, 'ends');
  });
  const handler = lambda(createRouter({ routes: [work], clock, logger, order }), { reserveMs: 1_000 });
  return { lines, calls, underWay, play };

  /** Delivers a story until it is done, and gives what was answered and when. */
  async function play({ name, records, startMs, timeoutMs }: Story) {
    const answers: object[] = [];
    let left = records;
    await clock.sleep(startMs);
    for (let delivery = 1; left.length > 0 && delivery < 20; delivery++) {
      const limitMs = clock.now() + timeoutMs;
      underWay.now += 1;
      underWay.most = Math.max(underWay.most, underWay.now);
      const { batchItemFailures } = await handler(lambdaEvent(left), {
        awsRequestId: `${name}/${delivery}`,
        xRayTraceId: `Root=1-${name};Parent=53995c3f42cd8ad8;Sampled=1`,
        getRemainingTimeInMillis: () => limitMs - clock.now(),
      });
      underWay.now -= 1;
      answers.push({ batchItemFailures, atMs: clock.now() });
      const from = left.findIndex(
        ({ dynamodb }) => dynamodb.SequenceNumber === batchItemFailures[0]?.itemIdentifier,
      );
      left = from === -1 ? [] : left.slice(from);
    }
    return { answers, left };
  }
}

describe('many invocations at a time in one environment', () => {
  it.each([
    ['strict', 1],
    ['lanes', 2],
  ] as const)(
    'share nothing: log, signal, deadline, attempts and counts of each are as if it were alone, in order %s',
    async (order, seed) => {
      const { stories, works } = storiesFrom(seed);
      const clock = virtualClock();
      const together = environment(works, clock, order);
      const played = await clock.run(Promise.all(stories.map(together.play)));
      expect(together.underWay.most).toBeGreaterThan(20);

      let linesAlone = 0;
      let callsAlone = 0;
      for (const [index, story] of stories.entries()) {
        const ownClock = virtualClock();
        const alone = environment(works, ownClock, order);
        const expected = await ownClock.run(alone.play(story));
        expect(expected.left).toEqual([]);
        expect(played[index]).toEqual(expected);
        const lines = together.lines.filter(({ requestId }) => requestId?.startsWith(`${story.name}/`));
        expect(lines).toEqual(alone.lines);
        for (const line of lines) expect(line).toMatchObject({ xrayTraceId: `1-${story.name}` });
        const names = story.records.map(nameOf);
        const calls = together.calls.filter(({ name }) => names.includes(name));
        expect(calls).toEqual(alone.calls);
        linesAlone += alone.lines.length;
        callsAlone += alone.calls.length;
      }
      expect(together.lines).toHaveLength(linesAlone);
      expect(together.calls).toHaveLength(callsAlone);
      expect(together.calls.filter(({ aborted }) => aborted)).not.toEqual([]);
      expect(together.calls.filter(({ attempt }) => attempt > 1)).not.toEqual([]);
      const messages = new Set(together.lines.map(({ message }) => message));
      expect(messages).toEqual(
        new Set([
          ...['begins', 'ends', 'handler failed', 'batch done'],
          'batch not done; Lambda delivers it again from there',
        ]),
      );
    },
  );
});
