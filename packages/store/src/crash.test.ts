import type { Row } from '@sluice/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type FileStore, openFileStore } from './file-store.js';
import { type Fault, type SimulatedDisk, simulatedDisk } from './simulated-disk.js';

/**
 * A file store on a disk that fails, under a process that is killed and a machine that loses power, at any call.
 * What must hold: a resolved write is there after every crash and every failed write; a rejected one is either there or
 * not, and once it was read as there or not, it stays so; no version comes twice.
 */

/** The keys that are written at the same time; each write is known by its number. */
type Round = readonly { readonly key: string; readonly kind: 'put' | 'delete' }[];
type Crash = 'process' | 'machine';

const round: fc.Arbitrary<Round> = fc.uniqueArray(
  fc.record({ key: fc.constantFrom('a', 'b', 'c'), kind: fc.constantFrom('put', 'put', 'delete') }),
  { selector: ({ key }) => key, minLength: 1 },
);
const fault: fc.Arbitrary<Fault> = fc.record({
  part: fc.oneof(fc.constantFrom(0, 1), fc.double({ min: 0, max: 1, noNaN: true })),
  thenDies: fc.boolean(),
});

const script: readonly Round[] = [
  [{ key: 'a', kind: 'put' }],
  [{ key: 'a', kind: 'put' }],
  [
    { key: 'a', kind: 'delete' },
    { key: 'b', kind: 'put' },
    { key: 'c', kind: 'put' },
  ],
  [{ key: 'a', kind: 'put' }],
  [{ key: 'b', kind: 'put' }],
  [{ key: 'c', kind: 'delete' }],
];

describe.each<Crash>(['process', 'machine'])('when the %s ends', (crash) => {
  it.each([0, 0.5, 1])(
    'at any call, of which a part of %d is done, no resolved write is lost',
    async (part) => {
      for (let n = 0; ; n++) {
        let reached = false;
        const disk = simulatedDisk();
        disk.plan((call) => {
          reached ||= call === n;
          return call === n ? { part, thenDies: true } : undefined;
        });
        await play(disk, script, crash, sequence(n));
        if (!reached) {
          expect(n).toBeGreaterThan(30); // the script has that many calls
          return;
        }
      }
    },
  );

  it('again and again, on a disk that fails in between, no resolved write is lost', async () => {
    const faults = fc.uniqueArray(fc.tuple(fc.nat(80), fault), { selector: ([n]) => n, maxLength: 6 });
    const rounds = fc.array(round, { minLength: 1, maxLength: 12 });
    await fc.assert(
      fc.asyncProperty(rounds, faults, fc.nat(), async (rounds, faults, seed) => {
        const planned = new Map(faults);
        const disk = simulatedDisk();
        disk.plan((call) => planned.get(call));
        await play(disk, rounds, crash, sequence(seed));
      }),
      { numRuns: 500 },
    );
  });
});

it('a failed write leaves a store that goes on as soon as the disk does', async () => {
  const disk = simulatedDisk();
  const store = await openOn(disk);
  const first = await store.put({ pk: 'p', sk: 'a', value: 1 }, undefined);
  disk.plan((n) => (n < 3 ? { part: 0.5, thenDies: false } : undefined));
  const failed = {
    code: 'STORE_WRITE_FAILED',
    message: expect.stringContaining('/store could not be written: EIO'),
  };
  await expect(store.put({ pk: 'p', sk: 'b', value: 2 }, undefined)).rejects.toMatchObject(failed);
  await expect(store.get('p', 'b')).rejects.toMatchObject(failed);
  expect(await store.get('p', 'b')).toBeUndefined();
  expect(await store.get('p', 'a')).toEqual(first.applied && first.row);
  expect((await store.put({ pk: 'p', sk: 'b', value: 3 }, undefined)).applied).toBe(true);
});

/** Plays the rounds, restarts after each death, and in the end crashes once more and looks. */
async function play(disk: SimulatedDisk, rounds: readonly Round[], crash: Crash, chance: () => number) {
  const known = new Known();
  let store = await unlessItFails(openOn(disk));
  for (const round of rounds) {
    store ??= await restart();
    const results = await Promise.all(
      round.map((write) => unlessItFails(known.try(store as FileStore, write))),
    );
    if (results.includes(undefined)) store = await unlessItFails(known.check(store));
  }
  await restart();

  async function restart(): Promise<FileStore> {
    for (let tries = 0; tries < 20; tries++) {
      if (crash === 'process') disk.restartProcess();
      else disk.restartMachine(chance);
      const store = await unlessItFails(openOn(disk));
      if (store && (await unlessItFails(known.check(store)))) return store;
    }
    throw new Error('The store does not open any more.');
  }
}

/** `undefined` for what a fault of the disk explains. */
async function unlessItFails<T>(work: Promise<T>): Promise<T | undefined> {
  try {
    return await work;
  } catch (error) {
    const { code, cause } = error as { code?: string; cause?: unknown };
    if (code === 'STORE_WRITE_FAILED' || (code === 'STORE_UNREADABLE' && cause)) return undefined;
    throw error;
  }
}

function openOn({ files }: SimulatedDisk): Promise<FileStore> {
  return openFileStore({ path: '/store', files, minGrowthBytes: 150 }, async () => {});
}

/** What is known of each key: what it may hold, as the numbers of the writes, and the versions it has had. */
class Known {
  private readonly rows = new Map<string, Row>();
  private readonly may = new Map<string, ReadonlySet<number>>();
  private readonly versions = new Set<string>();
  private last = 0;

  async try(store: FileStore, { key, kind }: Round[number]): Promise<'done'> {
    const row = this.rows.get(key);
    if (kind === 'delete' && !row) return 'done';
    const number = kind === 'put' ? ++this.last : 0;
    const before = this.may.get(key) ?? new Set([0]);
    this.may.set(key, new Set([...before, number]));
    const written =
      kind === 'put'
        ? await store.put({ pk: 'p', sk: key, value: number }, row?.version)
        : await store.delete({ pk: 'p', sk: key }, row?.version ?? '');
    expect(written.applied).toBe(true);
    this.may.set(key, new Set([number]));
    this.learn(key, kind === 'put' && written.applied ? written.row : undefined);
    if (kind === 'put' && written.applied) {
      expect(this.versions).not.toContain(`${key} ${written.row.version}`);
      this.versions.add(`${key} ${written.row.version}`);
    }
    return 'done';
  }

  async check(store: FileStore): Promise<FileStore> {
    for (const [key, may] of this.may) {
      const row = await store.get('p', key);
      const number = row?.value ?? 0;
      expect([...may]).toContain(number);
      this.may.set(key, new Set([number as number]));
      this.learn(key, row);
    }
    return store;
  }

  private learn(key: string, row: Row | undefined) {
    if (row) this.rows.set(key, row);
    else this.rows.delete(key);
  }
}

/** Numbers from 0 to 1 that look random and depend on the seed only (a linear congruential generator). */
function sequence(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}
