import { mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Store } from '@sluice/core';
import { faultyStore, type StoreUnderTest, storeSuite } from '@sluice/testing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type FileStore, fileStore, openFileStore } from './file-store.js';
import { simulatedDisk } from './simulated-disk.js';

let folder: string;
let path: string;
const open: FileStore[] = [];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sluice-store-'));
  path = join(folder, 'store.jsonl');
});

afterEach(async () => {
  for (const store of open.splice(0)) await store.close();
  await rm(folder, { recursive: true });
});

async function opened(at = path): Promise<FileStore> {
  const store = await fileStore(at);
  open.push(store);
  return store;
}

async function put(store: Store, sk: string, value: string | number, ifVersion?: string) {
  const written = await store.put({ pk: 'p', sk, value }, ifVersion);
  if (!written.applied) throw new Error('The put was refused.');
  return written.row;
}

async function all(store: Store) {
  return Object.fromEntries((await store.list('p', '', Infinity)).map(({ sk, value }) => [sk, value]));
}

describe('the file store keeps the contract of the storage port', () => {
  const start = async (): Promise<StoreUnderTest> => {
    const store = await opened();
    return {
      ...faultyStore(store),
      reopen: async () => {
        await store.close();
        return opened();
      },
    };
  };
  for (const { name, skip, run } of storeSuite(start)) it(name, { skip: skip !== undefined }, run);
});

describe('a store file', () => {
  it('holds exactly the rows of its whole lines, wherever a crash cut it off', async () => {
    const store = await opened();
    const first = await put(store, 'a', 'é 😀');
    await put(store, 'b', 1);
    await put(store, 'a', 'second', first.version);
    await store.delete({ pk: 'p', sk: 'b' }, '2');
    await Promise.all([put(store, 'c', 1), put(store, 'd', 1), put(store, 'e', 1)]);
    await store.close();
    const bytes = await readFile(path);
    const expected = [
      {},
      { a: 'é 😀' },
      { a: 'é 😀', b: 1 },
      { a: 'second', b: 1 },
      { a: 'second' },
      { a: 'second', c: 1, d: 1, e: 1 }, // writes that come together are one line
    ];
    const ends = [...bytes.entries()].flatMap(([at, byte]) => (byte === 10 ? at + 1 : []));
    expect(ends).toHaveLength(expected.length);
    for (let cut = ends[0] ?? 0; cut <= bytes.length; cut++) {
      const files = { ...simulatedDisk().files, readFile: async () => bytes.subarray(0, cut) };
      const reopened = await openFileStore({ path, files, minGrowthBytes: 1000 }, async () => {});
      expect(await all(reopened)).toEqual(expected[ends.filter((end) => end <= cut).length - 1]);
    }
  });

  it('is whole again after a torn end', async () => {
    const store = await opened();
    await put(store, 'a', 1);
    await store.close();
    await writeFile(path, '[{"pk":"p","sk":"to', { flag: 'a' });
    const reopened = await opened();
    await put(reopened, 'b', 2);
    await reopened.close();
    expect(await all(await opened())).toEqual({ a: 1, b: 2 });
  });

  it('passes over a last line with blocks that never reached the disk', async () => {
    const store = await opened();
    await put(store, 'a', 1);
    await store.close();
    await writeFile(path, `[{"pk":"p",${'\0'.repeat(512)}]\n`, { flag: 'a' });
    expect(await all(await opened())).toEqual({ a: 1 });
  });

  it.each([
    ['text', 'neither JSON nor ours'],
    ['nothing', ''],
    ['other JSON', '{"pk":"p"}'],
    ['a row without a version', '[{"pk":"p","sk":"s","value":1}]'],
    ['a row without a value', '[{"pk":"p","sk":"s","version":"9"}]'],
    ['a row with another version', '[{"pk":"p","sk":"s","value":1,"version":"v9"}]'],
    ['a row without a key', '[{"pk":"p","value":1,"version":"9"}]'],
    ['bytes that are not UTF-8', Buffer.from('[{"pk":"p\xff","sk":"s","value":1,"version":"9"}]', 'latin1')],
  ])('with %s in a line is refused with the number of the line, and left as it is', async (_what, line) => {
    const store = await opened();
    await put(store, 'a', 'secret');
    await store.close();
    await writeFile(
      path,
      Buffer.concat([Buffer.from(line), Buffer.from('\n[{"pk":"p","sk":"z","deleted":true}]\n')]),
      {
        flag: 'a',
      },
    );
    const before = await readFile(path);
    const error = await fileStore(path).catch((error) => error);
    expect(error).toMatchObject({ code: 'STORE_UNREADABLE', name: 'UnreadableStoreError' });
    expect(error.message).toBe(
      `The store file ${path} cannot be read: line 3 is not what a store writes. Nothing was changed. ` +
        'Put back a copy of the file, or move it away to start without the progress it holds.',
    );
    expect(await readFile(path)).toEqual(before);
    expect(await readdir(folder)).toEqual(['store.jsonl']);
  });

  it.each([
    ['one line without an end', '{"name":"package"}'],
    ['lines', 'a: 1\nb: 2\n'],
    ['a cut-off header', '{"format":"sluice-store/1","last'],
    ['a format of another time', '{"format":"sluice-store/2","lastVersion":0}\n'],
  ])('that was something else before (%s) is refused and left as it is', async (_what, content) => {
    await writeFile(path, content);
    await expect(fileStore(path)).rejects.toThrow('line 1 does not begin a file of format sluice-store/1');
    expect(await readFile(path, 'utf8')).toBe(content);
  });

  it('may be empty, and is an empty store then', async () => {
    await writeFile(path, '');
    expect(await all(await opened())).toEqual({});
  });

  it('that is a folder is refused', async () => {
    await expect(fileStore(folder)).rejects.toMatchObject({ code: 'STORE_UNREADABLE' });
  });

  it('comes with the folders it is in', async () => {
    const deep = join(folder, 'a', 'b', 'c', 'store.jsonl');
    const store = await opened(deep);
    await put(store, 'a', 1);
    await store.close();
    expect(await all(await opened(deep))).toEqual({ a: 1 });
  });

  it('stays behind the link that leads to it', async () => {
    const link = join(folder, 'link.jsonl');
    await (await fileStore(path)).close();
    await symlink(path, link);
    const store = await opened(link);
    await put(store, 'a', 1);
    await expect(fileStore(path)).rejects.toMatchObject({ code: 'STORE_IN_USE' });
    await store.close();
    expect(await all(await opened(path))).toEqual({ a: 1 });
  });

  it('does not grow with the number of writes, but with that of rows', async () => {
    const store = await opened();
    const big = 'x'.repeat(100_000);
    let row = await put(store, 'a', big);
    for (let n = 0; n < 40; n++) row = await put(store, 'a', `${big}${n}`, row.version);
    expect((await readFile(path)).length).toBeLessThan(1_500_000);
    await store.close();
    await (await fileStore(path)).close();
    expect((await readFile(path)).length).toBeLessThan(110_000);
    const reopened = await opened();
    expect(await reopened.get('p', 'a')).toEqual(row);
  });
});

describe('a file store', () => {
  it('refuses what JSON would lose, and goes on', async () => {
    const store = await opened();
    for (const value of [
      Number.NaN,
      [{ deep: Infinity }],
      undefined,
      () => {},
      { toJSON: () => undefined },
      1n,
    ]) {
      // biome-ignore lint/suspicious/noExplicitAny: what the types forbid
      await expect(store.put({ pk: 'p', sk: 's', value: value as any }, undefined)).rejects.toThrow(
        TypeError,
      );
    }
    // biome-ignore lint/suspicious/noExplicitAny: what the types forbid
    await expect(store.put({ pk: 'p', value: 1 } as any, undefined)).rejects.toThrow(
      'The sk of a row is text of 1 to 1024 bytes of UTF-8; it was of the type undefined.',
    );
    await expect(store.put({ pk: 'p', sk: 's', value: 1, expiresAt: 1.5 }, undefined)).rejects.toThrow(
      'A row expires at a whole number of seconds since the epoch, not at 1.5.',
    );
    await put(store, 'a', 1);
    expect(await all(store)).toEqual({ a: 1 });
  });

  it('ends the writes under way when it is closed, and refuses later calls', async () => {
    const store = await opened();
    const underWay = Array.from({ length: 20 }, (_, n) => put(store, `s${n}`, n));
    await store.close();
    await Promise.all(underWay);
    const closed = { code: 'STORE_CLOSED' };
    await expect(store.get('p', 's1')).rejects.toMatchObject(closed);
    await expect(store.list('p', '', 1)).rejects.toMatchObject(closed);
    await expect(put(store, 's1', 1)).rejects.toMatchObject(closed);
    await expect(store.delete({ pk: 'p', sk: 's1' }, '1')).rejects.toMatchObject(closed);
    await store.close();
    expect(Object.keys(await all(await opened()))).toHaveLength(20);
  });

  it('is opened without the rows that have expired by then, and never gives their versions again', async () => {
    const store = await opened();
    await store.put({ pk: 'p', sk: 'past', value: 1, expiresAt: 1_000 }, undefined);
    await store.put({ pk: 'p', sk: 'future', value: 2, expiresAt: 4_102_444_800 }, undefined);
    const last = await put(store, 'for ever', 3);
    expect(await all(store)).toEqual({ past: 1, future: 2, 'for ever': 3 });
    await store.close();
    const reopened = await opened();
    expect(await all(reopened)).toEqual({ future: 2, 'for ever': 3 });
    expect(Number((await put(reopened, 'past', 4)).version)).toBeGreaterThan(Number(last.version));
  });

  it('says that its file cannot be made where that is so', async () => {
    await writeFile(join(folder, 'no folder'), '');
    await expect(fileStore(join(folder, 'no folder', 'store.jsonl'))).rejects.toMatchObject({
      code: 'STORE_WRITE_FAILED',
      message: expect.stringContaining('store.jsonl could not be written'),
    });
  });

  it('leaves nothing but its file', async () => {
    const store = await opened();
    await put(store, 'a', 1);
    await store.close();
    expect(await readdir(folder)).toEqual(['store.jsonl']);
  });
});
