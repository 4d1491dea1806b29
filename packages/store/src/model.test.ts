import type { JsonValue, Row, Store } from '@sluice/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { openFileStore } from './file-store.js';
import { memoryStore } from './memory-store.js';
import { compareUtf8 } from './rows.js';
import { simulatedDisk } from './simulated-disk.js';

fc.configureGlobal({ seed: 20_260_101 });

/** `ifVersion` as the caller knows it: the current one, an older one, or none. */
type Known = 'current' | 'older' | 'none';
type Step =
  | {
      readonly kind: 'put';
      readonly pk: string;
      readonly sk: string;
      readonly value: JsonValue;
      readonly known: Known;
    }
  | { readonly kind: 'delete'; readonly pk: string; readonly sk: string; readonly known: Known }
  | { readonly kind: 'list'; readonly pk: string; readonly from: string; readonly limit: number };

const pk = fc.constantFrom('p', 'p#', '__proto__');
const sk = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom('a', 'a#', 'b', '\u{e000}', '😀', '__proto__') },
  { weight: 1, arbitrary: fc.string({ unit: 'binary', minLength: 1 }) },
);
const from = fc.oneof({ weight: 3, arbitrary: sk }, { weight: 1, arbitrary: fc.constant('') });
const known = fc.constantFrom<Known>('current', 'current', 'older', 'none');
const value = fc.jsonValue() as fc.Arbitrary<JsonValue>; // its type says `unknown` for the same values
const steps: fc.Arbitrary<readonly Step[]> = fc.array(
  fc.oneof(
    { weight: 4, arbitrary: fc.record({ kind: fc.constant('put' as const), pk, sk, value, known }) },
    { weight: 2, arbitrary: fc.record({ kind: fc.constant('delete' as const), pk, sk, known }) },
    {
      weight: 1,
      arbitrary: fc.record({ kind: fc.constant('list' as const), pk, from, limit: fc.nat(5) }),
    },
  ),
  { maxLength: 60 },
);

const stores: Record<string, () => Promise<Store>> = {
  'the memory store': async () => memoryStore(),
  'the file store': () =>
    openFileStore({ ...simulatedDisk(), path: '/store', minGrowthBytes: 300 }, async () => {}),
};

describe.each(Object.entries(stores))('%s', (_name, open) => {
  it('does what a map of rows with versions does', async () => {
    await fc.assert(
      fc.asyncProperty(steps, async (steps) => agree(await open(), steps)),
      { numRuns: 200 },
    );
  });
});

describe('the order of sort keys', () => {
  it('is that of their UTF-8 bytes', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary' }), (a, b) => {
        expect(Math.sign(compareUtf8(a, b))).toBe(Buffer.compare(Buffer.from(a), Buffer.from(b)));
      }),
    );
  });
});

async function agree(store: Store, steps: readonly Step[]): Promise<void> {
  const model = new Map<string, Row>();
  const used = new Map<string, string[]>(); // the versions that each key has had
  for (const step of steps) {
    if (step.kind === 'list') {
      expect(await store.list(step.pk, step.from, step.limit)).toEqual(listed(model, step));
      continue;
    }
    const id = JSON.stringify([step.pk, step.sk]);
    const current = model.get(id);
    const versions = used.get(id) ?? [];
    used.set(id, versions);
    const ifVersion = { current: current?.version, older: versions.at(-2) ?? 'never', none: undefined }[
      step.known
    ];
    const row = { pk: step.pk, sk: step.sk };
    const written =
      step.kind === 'put'
        ? await store.put({ ...row, value: step.value }, ifVersion)
        : await store.delete(row, ifVersion ?? 'never');
    const applies = ifVersion === current?.version && (step.kind === 'put' || current !== undefined);
    if (!applies) {
      expect(written).toEqual({ applied: false, current });
    } else if (step.kind === 'put') {
      if (!written.applied) throw new Error('The put was refused.');
      expect(written.row).toEqual({ ...row, value: written.row.value, version: written.row.version });
      expect(JSON.stringify(written.row.value)).toBe(JSON.stringify(step.value));
      expect(versions).not.toContain(written.row.version);
      versions.push(written.row.version);
      model.set(id, written.row);
    } else {
      expect(written).toEqual({ applied: true, row: current });
      model.delete(id);
    }
    expect(await store.get(step.pk, step.sk)).toEqual(model.get(id));
  }
}

function listed(model: ReadonlyMap<string, Row>, { pk, from, limit }: Step & { kind: 'list' }): Row[] {
  const bytes = (key: string) => Buffer.from(key);
  return [...model.values()]
    .filter((row) => row.pk === pk && Buffer.compare(bytes(row.sk), bytes(from)) >= 0)
    .sort((a, b) => Buffer.compare(bytes(a.sk), bytes(b.sk)))
    .slice(0, limit);
}
