import assert from 'node:assert/strict';
import { setImmediate } from 'node:timers/promises';
import {
  callStore,
  deleteRow,
  type JsonValue,
  type NewRow,
  putRow,
  type Row,
  type Store,
  type StoreCalling,
  type Written,
} from '@sluice/core';
import type { StoreFaults } from '../faulty-store.js';
import { type ConformanceTest, conformanceTests } from './conformance.js';

export type { ConformanceTest };

/** An empty store of its own for one test. */
export interface StoreUnderTest {
  readonly store: Store;
  /** Makes the next calls of `store` go wrong: by a proxy before the real thing, or else by `faultyStore`. */
  readonly faults?: StoreFaults;
  /** Ends the use of the store as far as the outside can tell, and opens what it has kept. */
  reopen?(): Promise<Store>;
  close?(): Promise<void>;
}

export type StoreCase = keyof typeof cases;

/**
 * The contract of the storage port as tests for any runner. An implementation runs all of them and gives a reason
 * for each one that it skips:
 *
 *     for (const { name, skip, run } of storeSuite(open, { 'what is written survives a reopen': 'rows live in memory' })) {
 *       it(name, { skip: skip !== undefined }, run);
 *     }
 */
export function storeSuite(
  open: () => Promise<StoreUnderTest>,
  skips: { readonly [Name in StoreCase]?: string } = {},
): readonly ConformanceTest[] {
  return conformanceTests('store', cases, open, skips);
}

const cases = {
  async 'what was never written is not there'({ store }: StoreUnderTest) {
    assert.equal(await store.get('p', 's'), undefined);
    assert.deepEqual(await store.list('p', '', 10), []);
  },

  async 'what a resolved write did is seen by the next read'({ store }: StoreUnderTest) {
    const row = await put(store, newRow('p', 's', { n: 1 }));
    assert.deepEqual(row, { ...newRow('p', 's', { n: 1 }), version: row.version });
    assert.deepEqual(await store.get('p', 's'), row);
    assert.deepEqual(await store.list('p', '', 10), [row]);
    await remove(store, row);
    assert.equal(await store.get('p', 's'), undefined);
    assert.deepEqual(await store.list('p', '', 10), []);
  },

  async 'a put without a version creates the row, and is refused with the current row if there is one'({
    store,
  }: StoreUnderTest) {
    const first = await put(store, newRow('p', 's', 'first'));
    assert.deepEqual(await store.put(newRow('p', 's', 'second'), undefined), {
      applied: false,
      current: first,
    });
    assert.deepEqual(await store.get('p', 's'), first);
  },

  async 'a put with the current version replaces the row'({ store }: StoreUnderTest) {
    const first = await put(store, { ...newRow('p', 's', { a: 1, b: 1 }), expiresAt: 4_102_444_800 });
    const second = await put(store, newRow('p', 's', { a: 2 }), first.version);
    assert.notEqual(second.version, first.version);
    assert.deepEqual(second, { ...newRow('p', 's', { a: 2 }), version: second.version });
    assert.deepEqual(await store.get('p', 's'), second);
  },

  async 'a put with any other version is refused with the current row'({ store }: StoreUnderTest) {
    const first = await put(store, newRow('p', 's', 1));
    const second = await put(store, newRow('p', 's', 2), first.version);
    assert.deepEqual(await store.put(newRow('p', 's', 3), first.version), {
      applied: false,
      current: second,
    });
    assert.deepEqual(await store.get('p', 's'), second);
  },

  async 'a put with a version is refused where there is no row, with no current row'({
    store,
  }: StoreUnderTest) {
    const row = await put(store, newRow('p', 's', 1));
    await remove(store, row);
    assert.deepEqual(await store.put(newRow('p', 's', 2), row.version), {
      applied: false,
      current: undefined,
    });
    assert.deepEqual(await store.put(newRow('p', 'never', 2), row.version), {
      applied: false,
      current: undefined,
    });
    assert.deepEqual(await store.list('p', '', 10), []);
  },

  async 'a row that was read can be changed and put again'({ store }: StoreUnderTest) {
    const first = await put(store, newRow('p', 's', 1));
    const second = await put(store, { ...first, value: 2 }, first.version);
    assert.notEqual(second.version, first.version);
    assert.deepEqual(await store.get('p', 's'), second);
  },

  async 'a delete with the current version removes the row and returns it'({ store }: StoreUnderTest) {
    const row = await put(store, newRow('p', 's', { n: 1 }));
    assert.deepEqual(await store.delete({ pk: 'p', sk: 's' }, row.version), { applied: true, row });
    assert.equal(await store.get('p', 's'), undefined);
  },

  async 'a delete with any other version is refused with the current row'({ store }: StoreUnderTest) {
    const first = await put(store, newRow('p', 's', 1));
    const second = await put(store, newRow('p', 's', 2), first.version);
    assert.deepEqual(await store.delete(second, first.version), { applied: false, current: second });
    assert.deepEqual(await store.get('p', 's'), second);
  },

  async 'a delete is refused where there is no row, with no current row'({ store }: StoreUnderTest) {
    const row = await put(store, newRow('p', 's', 1));
    await remove(store, row);
    assert.deepEqual(await store.delete(row, row.version), { applied: false, current: undefined });
  },

  async 'a version is never used twice for one key, not even for the same value or after a delete'({
    store,
  }: StoreUnderTest) {
    const versions: string[] = [];
    for (let round = 0; round < 10; round++) {
      const created = await put(store, newRow('p', 's', 'same'));
      const replaced = await put(store, newRow('p', 's', 'same'), created.version);
      await remove(store, replaced);
      versions.push(created.version, replaced.version);
    }
    assert.equal(new Set(versions).size, versions.length, `A version came twice: ${versions.join(', ')}`);
  },

  async 'of many writers of one version exactly one wins, and the others get its row'({
    store,
  }: StoreUnderTest) {
    let current = await put(store, newRow('p', 's', 'start'));
    for (let round = 0; round < 3; round++) {
      const { version } = current;
      const results = await Promise.all(
        Array.from({ length: 50 }, (_, writer) => store.put(newRow('p', 's', `${round}/${writer}`), version)),
      );
      const won = results.filter((written) => written.applied);
      assert.equal(won.length, 1, `${won.length} of 50 writers won in round ${round}.`);
      current = await read(store, 'p', 's');
      assert.deepEqual(won[0]?.row, current);
      for (const written of results) if (!written.applied) assert.deepEqual(written.current, current);
    }
  },

  async 'of many creators of one row exactly one wins'({ store }: StoreUnderTest) {
    const results = await Promise.all(
      Array.from({ length: 50 }, (_, writer) => store.put(newRow('p', 's', writer), undefined)),
    );
    assert.deepEqual(
      results.filter((written) => written.applied).map(({ row }) => row),
      [await store.get('p', 's')],
    );
  },

  async 'of many puts and deletes of one version exactly one is applied'({ store }: StoreUnderTest) {
    for (let round = 0; round < 5; round++) {
      const row = await put(store, newRow('p', `s${round}`, 'start'));
      const results = await Promise.all(
        Array.from({ length: 20 }, (_, n) =>
          n % 2 ? store.delete(row, row.version) : store.put({ ...row, value: n }, row.version),
        ),
      );
      const won = results.filter(({ applied }) => applied);
      assert.equal(won.length, 1, `${won.length} of 20 writers won in round ${round}.`);
      const isDeleted = results.indexOf(won[0] as Written) % 2 === 1;
      assert.deepEqual(await store.get('p', row.sk), isDeleted ? undefined : won[0]?.applied && won[0].row);
    }
  },

  async 'a reader beside a writer sees whole rows, and none that is older than what it has seen'({
    store,
  }: StoreUnderTest) {
    let row = await put(store, newRow('p', 's', { n: 0, same: 0 }));
    let isWriting = true;
    const reading = Promise.all([
      readOn(async () => read(store, 'p', 's')),
      readOn(async () => (await store.list('p', '', 10))[0] as Row),
    ]);
    for (let n = 1; n <= 30; n++) row = await put(store, newRow('p', 's', { n, same: n }), row.version);
    isWriting = false;
    await reading;

    async function readOn(readRow: () => Promise<Row>): Promise<void> {
      for (let seen = 0; isWriting; await setImmediate()) {
        const { n, same } = (await readRow()).value as { n: number; same: number };
        assert.equal(n, same);
        assert.ok(n >= seen, `${n} was read after ${seen}`);
        seen = n;
      }
    }
  },

  async 'writes of different rows at the same time are all applied'({ store }: StoreUnderTest) {
    const names = Array.from({ length: 50 }, (_, n) => `s${String(n).padStart(2, '0')}`);
    await Promise.all(names.map((sk) => put(store, newRow('p', sk, sk))));
    assert.deepEqual(await sortKeys(store, 'p', '', 100), names);
  },

  async 'rows are listed ascending by the UTF-8 bytes of their sort keys'({ store }: StoreUnderTest) {
    const sorted = [...ODD_KEYS].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
    for (const sk of sorted.toReversed()) await put(store, newRow('p', sk, null));
    assert.deepEqual(await sortKeys(store, 'p', '', 100), sorted);
    assert.deepEqual(await sortKeys(store, 'p', '\u{ffff}', 100), sorted.slice(sorted.indexOf('\u{ffff}')));
  },

  async 'a list starts at `from`, that key included, whether or not it has a row'({ store }: StoreUnderTest) {
    for (const sk of ['a', 'b', 'b#1', 'd']) await put(store, newRow('p', sk, sk));
    assert.deepEqual(await sortKeys(store, 'p', 'b', 10), ['b', 'b#1', 'd']);
    assert.deepEqual(await sortKeys(store, 'p', 'c', 10), ['d']);
    assert.deepEqual(await sortKeys(store, 'p', 'e', 10), []);
  },

  async 'a list ends at its limit, and goes on from the key after its last'({ store }: StoreUnderTest) {
    const names = Array.from({ length: 25 }, (_, n) => `s${String(n).padStart(2, '0')}`);
    for (const sk of names) await put(store, newRow('p', sk, sk));
    const pages: string[][] = [];
    for (let from = ''; pages.length < 4; from = `${pages.at(-1)?.at(-1)}\u0000`) {
      pages.push(await sortKeys(store, 'p', from, 10));
    }
    assert.deepEqual(pages, [names.slice(0, 10), names.slice(10, 20), names.slice(20), []]);
  },

  async 'a list has as many rows as its limit says, however large they are'({ store }: StoreUnderTest) {
    const names = ['s1', 's2', 's3', 's4', 's5'];
    for (const sk of names) await put(store, newRow('p', sk, sk.repeat(150_000)));
    assert.deepEqual(await sortKeys(store, 'p', 's1', 4), names.slice(0, 4));
    assert.deepEqual(await sortKeys(store, 'p', 's2', 10), names.slice(1));
  },

  async 'partitions do not see each other'({ store }: StoreUnderTest) {
    const keys = ['a', 'a#b', 'a ', 'A', 'ab'].flatMap((pk) =>
      ['c', 'b#c', 'bc'].map((sk) => [pk, sk] as const),
    );
    for (const [pk, sk] of keys) await put(store, newRow(pk, sk, `${pk} | ${sk}`));
    for (const [pk, sk] of keys) assert.equal((await read(store, pk, sk)).value, `${pk} | ${sk}`);
    assert.deepEqual(await sortKeys(store, 'a', '', 100), ['b#c', 'bc', 'c']);
    await remove(store, await read(store, 'a', 'c'));
    assert.deepEqual(await sortKeys(store, 'ab', '', 100), ['b#c', 'bc', 'c']);
  },

  async 'odd and long keys stay what they are and apart'({ store }: StoreUnderTest) {
    const long = ['x'.repeat(1024), `${'x'.repeat(1023)}y`, 'é'.repeat(512)];
    for (const key of [...ODD_KEYS, ...long]) await put(store, newRow(key, key, key));
    for (const key of [...ODD_KEYS, ...long]) {
      assert.equal((await read(store, key, key)).value, key);
      assert.deepEqual(await sortKeys(store, key, '', 10), [key]);
    }
  },

  async 'a partition key has up to 2048 bytes of UTF-8, a sort key up to 1024, and longer ones are refused'({
    store,
  }: StoreUnderTest) {
    for (const [pk, sk] of [
      ['p'.repeat(2048), 's'.repeat(1024)],
      ['é'.repeat(1024), '😀'.repeat(256)],
    ] as const) {
      assert.equal((await put(store, newRow(pk, sk, 1))).sk, sk);
      assert.equal((await read(store, pk, sk)).pk, pk);
      assert.deepEqual(await sortKeys(store, pk, sk, 10), [sk]);
      await assertKeyRefused(store, `${pk}+`, sk);
      await assertKeyRefused(store, pk, `${sk}+`);
      await assert.rejects(store.list(`${pk}+`, '', 10), TypeError);
    }
  },

  async 'a list goes on behind the longest sort key'({ store }: StoreUnderTest) {
    const long = 's'.repeat(1024);
    const emoji = '😀'.repeat(256);
    const sorted = ['a', long, `${long.slice(1)}t`, 't', emoji];
    for (const sk of sorted) await put(store, newRow('p', sk, 1));
    assert.deepEqual(await sortKeys(store, 'p', `${long}\0`, 2), sorted.slice(2, 4));
    assert.deepEqual(await sortKeys(store, 'p', `${long.slice(1)}é\0`, 10), sorted.slice(3));
    assert.deepEqual(await sortKeys(store, 'p', `${emoji}\0`, 10), []);
  },

  async 'an empty key is refused; a list from the empty text is one from the beginning'({
    store,
  }: StoreUnderTest) {
    const row = await put(store, newRow('p', 's', 1));
    await assertKeyRefused(store, '', 's');
    await assertKeyRefused(store, 'p', '');
    await assert.rejects(store.list('', '', 10), TypeError);
    assert.deepEqual(await store.list('p', '', 10), [row]);
  },

  async 'a key with half of a surrogate pair is refused, since UTF-8 has none'({ store }: StoreUnderTest) {
    await assertKeyRefused(store, 'p\ud800', 's');
    await assertKeyRefused(store, 'p', 's\udc00');
    await assert.rejects(store.list('p\ud800', '', 10), TypeError);
    await assert.rejects(store.list('p', '\ud800', 10), TypeError);
  },

  async 'what JSON would change, and a time of expiry that is no whole number, is refused'({
    store,
  }: StoreUnderTest) {
    const wrong: readonly unknown[] = [undefined, Number.NaN, [{ deep: Infinity }], 1n, () => {}];
    for (const value of wrong) {
      await assert.rejects(store.put(newRow('p', 's', value as JsonValue), undefined), TypeError);
    }
    await assert.rejects(store.put({ ...newRow('p', 's', 1), expiresAt: 1.5 }, undefined), TypeError);
    assert.deepEqual(await store.list('p', '', 10), []);
  },

  async 'JSON values come back as they were put'({ store }: StoreUnderTest) {
    for (const [index, value] of ODD_VALUES.entries()) {
      const row = await put(store, newRow('p', String(index), value));
      assert.deepEqual(row.value, value);
      assert.deepEqual((await read(store, 'p', String(index))).value, value);
    }
  },

  async 'a field named __proto__ is data'({ store }: StoreUnderTest) {
    await put(store, newRow('p', 's', JSON.parse('{"__proto__":{"polluted":true},"constructor":1}')));
    const { value } = await read(store, 'p', 's');
    assert.equal(
      JSON.stringify(Object.entries(value as object).sort()),
      '[["__proto__",{"polluted":true}],["constructor",1]]',
    );
    assert.equal((value as { polluted?: unknown }).polluted, undefined);
  },

  async 'changing what was given or returned changes no row'({ store }: StoreUnderTest) {
    const mine = { list: [1] };
    const pending = store.put(newRow('p', 's', mine), undefined);
    mine.list.push(2);
    const written = await pending;
    assert.ok(written.applied);
    const refused = await store.put(newRow('p', 's', null), undefined);
    assert.ok(!refused.applied);
    const returned = [
      written.row,
      refused.current,
      await store.get('p', 's'),
      (await store.list('p', '', 1))[0],
    ];
    for (const row of returned) {
      assert.ok(row);
      assert.deepEqual(row.value, { list: [1] });
      tamper(() => (row.value as typeof mine).list.push(3));
      tamper(() => Object.assign(row, { version: 'mine', value: 'mine' }));
    }
    mine.list.push(4);
    const row = await read(store, 'p', 's');
    assert.deepEqual(row.value, { list: [1] });
    await remove(store, row);
  },

  async 'the time of expiry is kept until a put without one'({ store }: StoreUnderTest) {
    const first = await put(store, { ...newRow('p', 's', 1), expiresAt: 4_102_444_800 });
    assert.equal(first.expiresAt, 4_102_444_800);
    assert.equal((await read(store, 'p', 's')).expiresAt, 4_102_444_800);
    await put(store, newRow('p', 's', 1), first.version);
    assert.equal((await read(store, 'p', 's')).expiresAt, undefined);
  },

  async 'a write that is throttled does nothing, and one whose reply is lost is applied'(
    given: StoreUnderTest,
  ) {
    const { store } = given;
    const faults = faultsOf(given);
    faults.throttle(1);
    await assert.rejects(store.put(newRow('p', 's', 1), undefined));
    assert.equal(await store.get('p', 's'), undefined);
    faults.loseReply(1);
    await assert.rejects(store.put(newRow('p', 's', 1), undefined));
    const row = await read(store, 'p', 's');
    assert.equal(row.value, 1);
    faults.throttle(1);
    await assert.rejects(store.delete(row, row.version));
    assert.deepEqual(await store.get('p', 's'), row);
    faults.loseReply(1);
    await assert.rejects(store.delete(row, row.version));
    assert.equal(await store.get('p', 's'), undefined);
  },

  async 'a put that is repeated after throttling and lost replies is applied once, and its writer learns so'(
    given: StoreUnderTest,
  ) {
    const { store } = given;
    const faults = faultsOf(given);
    let current: Row | undefined;
    for (const strike of [() => faults.throttle(3), () => faults.loseReply(3)]) {
      for (const value of ['first', 'second']) {
        strike();
        const written = await putRow(store, newRow('p', 's', { value }), current?.version, calling);
        assert.ok(written.applied, 'The put was refused by the row that it wrote itself.');
        assert.deepEqual(written.row, { ...newRow('p', 's', { value }), version: written.row.version });
        assert.deepEqual(await store.list('p', '', 10), [written.row]);
        current = written.row;
      }
    }
  },

  async 'a delete that is repeated after throttling and lost replies is applied, and its writer learns so'(
    given: StoreUnderTest,
  ) {
    const { store } = given;
    const faults = faultsOf(given);
    for (const strike of [() => faults.throttle(3), () => faults.loseReply(3)]) {
      const row = await put(store, newRow('p', 's', 1));
      strike();
      assert.deepEqual(await deleteRow(store, row, calling), { applied: true, row });
      assert.equal(await store.get('p', 's'), undefined);
    }
  },

  async 'a put that is repeated after a lost reply is refused by who has replaced it, and replaces nothing'(
    given: StoreUnderTest,
  ) {
    const { store } = given;
    const mine = newRow('p', 's', 'mine');
    faultsOf(given).loseReply(1);
    await assert.rejects(store.put(mine, undefined));
    const { version } = await read(store, 'p', 's');
    const theirs = await put(store, newRow('p', 's', 'theirs'), version);
    assert.deepEqual(await putRow(store, mine, undefined, calling), { applied: false, current: theirs });
    assert.deepEqual(await store.get('p', 's'), theirs);
  },

  async 'a read that is repeated after throttling and lost replies gives what is there'(
    given: StoreUnderTest,
  ) {
    const { store } = given;
    const faults = faultsOf(given);
    const row = await put(store, newRow('p', 's', 1));
    faults.throttle(2);
    faults.loseReply(2);
    assert.deepEqual(await callStore(() => store.get('p', 's'), calling), row);
    faults.loseReply(2);
    faults.throttle(2);
    assert.deepEqual(await callStore(() => store.list('p', '', 10), calling), [row]);
  },

  async 'of many creators exactly one believes that it has won, and has, also when calls go wrong'(
    given: StoreUnderTest,
  ) {
    const { store } = given;
    const faults = faultsOf(given);
    for (let round = 0; round < 6; round++) {
      faults.loseReply(round);
      faults.throttle(6 - round);
      faults.loseReply(round);
      const results = await Promise.all(
        Array.from({ length: 12 }, (_, owner) =>
          putRow(store, newRow('p', `s${round}`, { owner }), undefined, calling),
        ),
      );
      const won = results.filter(({ applied }) => applied);
      assert.equal(
        won.length,
        1,
        `${won.length} of 12 creators believe in round ${round} that they have won.`,
      );
      assert.deepEqual(won[0]?.applied && won[0].row, await store.get('p', `s${round}`));
    }
  },

  async 'what many writers add to one row is in it exactly once, also when calls go wrong'(
    given: StoreUnderTest,
  ) {
    const { store } = given;
    const faults = faultsOf(given);
    const writers = Array.from({ length: 6 }, (_, writer) => addAll(`writer ${writer}`));
    await Promise.all(writers);
    const expected = (await Promise.all(writers)).flat();
    const { value } = await read(store, 'p', 's');
    assert.deepEqual([...(value as readonly string[])].sort(), expected.sort());

    async function addAll(writer: string): Promise<readonly string[]> {
      const names = Array.from({ length: 5 }, (_, n) => `${writer}, addition ${n}`);
      for (const [n, name] of names.entries()) {
        faults.loseReply(n % 3);
        faults.throttle(n % 2);
        await add(name);
      }
      return names;
    }

    async function add(name: string): Promise<void> {
      for (;;) {
        const row = await callStore(() => store.get('p', 's'), calling);
        const names = (row?.value ?? []) as readonly string[];
        if (names.includes(name)) return; // a put of ours whose reply was lost, and which somebody has built upon since
        if ((await putRow(store, newRow('p', 's', [...names, name]), row?.version, calling)).applied) return;
      }
    }
  },

  async 'what is written survives a reopen'(given: StoreUnderTest) {
    const { store } = given;
    const first = await put(store, { ...newRow('p', 'kept', ODD_VALUES), expiresAt: 4_102_444_800 });
    const kept = await put(store, { ...first, value: [first.value] }, first.version);
    await remove(store, await put(store, newRow('p', 'deleted', 1)));
    const odd = await Promise.all(ODD_KEYS.map((key) => put(store, newRow(key, key, key))));
    const reopened = await reopen(given);
    assert.deepEqual(await reopened.get('p', 'kept'), kept);
    assert.equal(await reopened.get('p', 'deleted'), undefined);
    for (const row of odd) assert.deepEqual(await reopened.get(row.pk, row.sk), row);
    assert.equal((await reopened.put(kept, first.version)).applied, false);
    assert.equal((await reopened.put(kept, kept.version)).applied, true);
  },

  async 'a version of before a reopen is never used again for its key'(given: StoreUnderTest) {
    const before = await put(given.store, newRow('p', 's', 'same'));
    await remove(given.store, before);
    const reopened = await reopen(given);
    const after = await put(reopened, newRow('p', 's', 'same'));
    assert.notEqual(after.version, before.version);
  },
};

/** Separators, quotes, line ends, NUL, look-alikes, and characters whose UTF-16 order is not their UTF-8 order. */
const ODD_KEYS: readonly string[] = [
  'USER#1#ORDER#2',
  '#',
  ' ',
  'a b\tc',
  'line\nend\r\n',
  '"quoted\\"',
  '\u0000',
  'a\u0000b',
  '__proto__',
  'constructor',
  '../../etc',
  '10',
  '9',
  'Z',
  'a',
  '\u007f',
  'é',
  'e\u0301',
  '\u2028',
  '\ud7ff',
  '\ue000',
  '\uffff',
  '\u{10000}',
  '😀',
  '\u{10ffff}',
];

const ODD_VALUES: readonly JsonValue[] = [
  null,
  true,
  false,
  0,
  -1,
  0.1,
  1e21,
  5e-324,
  Number.MAX_VALUE,
  Number.MAX_SAFE_INTEGER,
  '',
  'line\nend \u0000 \u2028 😀 "\\',
  '10',
  [],
  {},
  [[], {}, null, [[[]]]],
  { '': 1, 'a.b': { 'c d': [{ e: null }] }, S: 'looks like an attribute', NULL: true },
  'long '.repeat(20_000),
];

function newRow(pk: string, sk: string, value: JsonValue): NewRow {
  return { pk, sk, value };
}

async function put(store: Store, row: NewRow, ifVersion?: string): Promise<Row> {
  const written = await store.put(row, ifVersion);
  assert.ok(written.applied, 'The put was refused.');
  return written.row;
}

async function remove(store: Store, row: Row): Promise<void> {
  assert.ok((await store.delete(row, row.version)).applied, 'The delete was refused.');
}

async function read(store: Store, pk: string, sk: string): Promise<Row> {
  const row = await store.get(pk, sk);
  assert.ok(row, 'The row is not there.');
  return row;
}

async function sortKeys(store: Store, pk: string, from: string, limit: number): Promise<string[]> {
  return (await store.list(pk, from, limit)).map(({ sk }) => sk);
}

/** Repeats at once. What hangs is not given up: a runner's own limit tells of it. */
const calling: StoreCalling = {
  clock: {
    now: () => 0,
    sleep: (delayMs, signal) => (delayMs < 10_000 ? setImmediate() : aborted(signal)),
  },
  random: () => 0,
  maxAttempts: 1000,
};

function aborted(signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve) => signal?.addEventListener('abort', () => resolve(), { once: true }));
}

function faultsOf({ faults }: StoreUnderTest): StoreFaults {
  assert.ok(faults, 'This case needs `faults`: give them, as faultyStore(store) does, or a fault proxy.');
  return faults;
}

async function assertKeyRefused(store: Store, pk: string, sk: string): Promise<void> {
  await assert.rejects(store.put(newRow(pk, sk, 1), undefined), TypeError);
  await assert.rejects(store.get(pk, sk), TypeError);
  await assert.rejects(store.delete({ pk, sk }, 'any'), TypeError);
}

function reopen({ reopen }: StoreUnderTest): Promise<Store> {
  assert.ok(reopen, 'This case needs `reopen`: give it, or skip the case with the reason why there is none.');
  return reopen();
}

/** A store may freeze what it returns: a refused change is as good as one without effect. */
function tamper(change: () => void): void {
  try {
    change();
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
  }
}
