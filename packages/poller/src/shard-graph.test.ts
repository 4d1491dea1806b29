import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { allFinished, readyShards, type ShardFacts, shardState, unknownParents } from './shard-graph.js';

fc.configureGlobal({ seed: 20_260_101 });

/** Shards by id with their parents; `finished` and `reading` by id. */
function facts(
  parents: Record<string, string | undefined>,
  finished: string[] = [],
  reading: string[] = [],
): ShardFacts {
  const known = Object.entries(parents).map(
    ([id, parent]) => [id, parent ? { ParentShardId: parent } : {}] as const,
  );
  return {
    known: new Map(known),
    isFinished: (id) => finished.includes(id),
    isReading: (id) => reading.includes(id),
  };
}

describe('a shard', () => {
  test('waits for its parent until the parent is finished, not only read', () => {
    const family = { parent: undefined, child: 'parent' };
    expect(shardState('child', facts(family))).toEqual({ kind: 'BLOCKED', byShardId: 'parent' });
    expect(shardState('child', facts(family, [], ['parent']))).toEqual({
      kind: 'BLOCKED',
      byShardId: 'parent',
    });
    expect(shardState('child', facts(family, ['parent']))).toEqual({ kind: 'READY' });
  });

  test('is neither opened twice nor opened again', () => {
    expect(readyShards(facts({ a: undefined, b: undefined, c: undefined }, ['a'], ['b']))).toEqual(['c']);
  });

  test('may have several siblings, which all open when the parent is finished', () => {
    const split = { p: undefined, left: 'p', right: 'p', grandchild: 'left' };
    expect(readyShards(facts(split))).toEqual(['p']);
    expect(readyShards(facts(split, ['p']))).toEqual(['left', 'right']);
  });

  test('of which only an unfinished checkpoint is left is opened, and its child is not', () => {
    expect(readyShards(facts({ unlisted: undefined, child: 'unlisted' }))).toEqual(['unlisted']);
  });

  test('waits for a parent that nothing else tells of until that is found to be absent', () => {
    const family = { child: 'unheard of', other: undefined };
    expect(unknownParents(facts(family))).toEqual(['unheard of']);
    expect(readyShards(facts(family))).toEqual(['other']);
    expect(unknownParents(facts(family, ['unheard of']))).toEqual([]);
    expect(readyShards(facts(family, ['unheard of']))).toEqual(['child', 'other']);
  });
});

test('all is finished when each known shard is', () => {
  expect(allFinished(facts({ a: undefined, b: 'a' }, ['a', 'b']))).toBe(true);
  expect(allFinished(facts({ a: undefined, b: 'a' }, ['a'], ['b']))).toBe(false);
  expect(allFinished(facts({}))).toBe(true);
});

test('in any forest, opening what is ready and finishing it in any order reads each shard once, parents first', () => {
  const forest = fc.array(fc.option(fc.nat(20), { nil: undefined }), { minLength: 1, maxLength: 20 });
  fc.assert(
    fc.property(forest, fc.infiniteStream(fc.nat()), (parents, picks) => {
      const ids = parents.map((_, index) => `shard-${String(index).padStart(2, '0')}`);
      const isOlder = (parent: number | undefined, index: number) => parent !== undefined && parent < index;
      const family = Object.fromEntries(
        parents.map((parent, index) => [ids[index], isOlder(parent, index) ? ids[parent ?? 0] : undefined]),
      );
      const finished: string[] = [];
      const reading: string[] = [];
      while (finished.length < ids.length) {
        reading.push(...readyShards(facts(family, finished, reading)));
        expect(reading.length).toBeGreaterThan(0);
        const [done] = reading.splice(picks.next().value % reading.length, 1) as [string];
        const parent = family[done];
        if (parent) expect(finished).toContain(parent);
        expect(finished).not.toContain(done);
        finished.push(done);
      }
    }),
    { numRuns: 50 },
  );
});
