import { type Clock, createRouter, type Logger, type Order, route } from '@sluice/core';
import { lambda } from '@sluice/lambda';
import { lambdaEvent, seededRandom, simulateLambda, virtualClock } from '@sluice/testing';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
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

/** Keeps its lines, with errors as text. */
function collecting() {
  const lines: Line[] = [];
  const at =
    (level: string): Logger['info'] =>
    (fields, message) => {
      const { err, ...told } = fields as { readonly err?: unknown };
      lines.push({ ...told, ...(err !== undefined && { err: String(err) }), level, message });
    };
  const logger: Logger = { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') };
  return { lines, logger };
}

/** One environment: a handler, what it logs, and what its calls were given. */
function environment(works: ReadonlyMap<string, Work>, clock: Clock, order: Order) {
  const { lines, logger } = collecting();
  const calls: Call[] = [];
  const begun = new Map<string, number>();
  const underWay = { now: 0, most: 0 };
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

  it('share no fold: the windows of each shard hold what they would if it were alone', async () => {
    const clock = virtualClock();
    const together = mappings(clock);
    const shards = Array.from({ length: shardCount }, (_, shard) => shard);
    const reports = await clock.run(Promise.all(shards.map(together.deliver)));
    const ends: string[] = [];
    for (const shard of shards) {
      const ownClock = virtualClock();
      const alone = mappings(ownClock);
      const report = await ownClock.run(alone.deliver(shard));
      expect(reports[shard]).toEqual(report);
      expect(report.windows).toHaveLength(4);
      const ids = new Set(report.invocations.map(({ requestId }) => requestId));
      const lines = together.lines.filter(({ requestId }) => requestId && ids.has(requestId));
      expect(lines).toEqual(alone.lines);
      ends.push(...alone.ends);
    }
    expect(together.ends.toSorted()).toEqual(ends.toSorted());
    const held = together.ends.flatMap((end) => end.split(' ').slice(1));
    expect(held.toSorted()).toEqual(listed.map(nameOf).toSorted());
  });
});

const shardCount = 12;
const listed = writes(Array.from({ length: 20 * shardCount }, (_, n) => `A${n}`).join(' '));
const Names = z.object({ names: z.array(z.string()).default([]) });

/** One environment with a window route, and mappings that deliver a shard to it each: every twelfth record, ten seconds apart. */
function mappings(clock: Clock) {
  const { lines, logger } = collecting();
  const startMs = clock.now();
  const placeOf = (record: StreamRecord) => Number(nameOf(record).slice(1));
  const ends: string[] = [];
  const left = new Map(listed.map((record, place) => [nameOf(record), place % 7 === 0 ? 2 : 0]));
  const list = route.window(
    shop,
    { id: 'list', events: ['INSERT'], state: Names },
    {
      add: async ({ names }, { record }) => {
        const name = nameOf(record);
        await clock.sleep((placeOf(record) * 37) % 50);
        const failures = left.get(name) ?? 0;
        left.set(name, failures - 1);
        if (failures > 0) throw new Error('not yet');
        return { names: [...names, name] };
      },
      close: async ({ names }, { start }, { logger }) => {
        await clock.sleep(30);
        logger.info({}, 'closed');
        ends.push(`${start} ${names.join(' ')}`);
      },
    },
  );
  const handler = lambda(createRouter({ routes: [list], clock, logger }));
  const deliver = (shard: number) =>
    simulateLambda({
      records: listed.filter((record) => placeOf(record) % shardCount === shard),
      writtenMs: (record) => startMs + Math.floor(placeOf(record) / shardCount) * 10_000,
      ...{ handler, clock, seed: shard, batchSize: 4, tumblingWindowInSeconds: 60 },
    });
  return { lines, ends, deliver };
}
