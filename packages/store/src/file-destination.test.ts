import * as nodeFiles from 'node:fs/promises';
import { appendFile, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { failureDocument } from './failure-document.js';
import { fileDestination, openFileDestination } from './file-destination.js';
import { context, givenUp, order, secret, shopRecords } from './testing/given-up.js';

let folder: string;
let path: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sluice-destination-'));
  path = join(folder, 'given-up.jsonl');
});

afterEach(() => rm(folder, { recursive: true }));

function failures(count: number, note?: string) {
  const shop = shopRecords();
  return Array.from({ length: count }, (_, index) => givenUp(shop.insert(order(String(index), note))));
}

async function lines(): Promise<readonly string[]> {
  return (await readFile(path, 'utf8')).split('\n');
}

/** The calls for a file, on the real one, one of them failing where that is asked for. */
function watched(calls: string[], failing = { call: '', times: 0 }) {
  const call = async <T>(name: string, work: () => Promise<T>) => {
    calls.push(name);
    const result = await work();
    if (name !== failing.call || failing.times-- <= 0) return result;
    throw Object.assign(new Error('ENOSPC: no space left on device'), { code: 'ENOSPC' });
  };
  const open: typeof nodeFiles.open = async (...given) => {
    const file = await nodeFiles.open(...given);
    const where = given[1] === 'r' ? 'folder' : 'file';
    return new Proxy(file, {
      get: (target, name) => {
        const member = Reflect.get(target, name, target);
        if (name !== 'appendFile' && name !== 'sync') {
          return typeof member === 'function' ? member.bind(target) : member;
        }
        return (text: string) => call(`${name} ${where}`, () => member.call(target, text));
      },
    });
  };
  return { open };
}

describe('a file destination', () => {
  it('has each given-up change as a line, in the order in which they were sent one after another', async () => {
    const send = fileDestination(path);
    const sent = failures(3);
    for (const failure of sent) await send(failure, context());
    expect(await lines()).toEqual([...sent.map((failure) => JSON.stringify(failureDocument(failure))), '']);
  });

  it('keeps whole lines of all sends that come at the same time, and writes them together', async () => {
    const calls: string[] = [];
    const send = openFileDestination(path, watched(calls));
    const sent = failures(50, 'long '.repeat(20_000));
    await Promise.all(sent.map((failure) => send(failure, context())));
    const expected = sent.map((failure) => JSON.stringify(failureDocument(failure)));
    expect(await lines()).toEqual([...expected, '']);
    expect(calls.filter((call) => call === 'appendFile file')).toHaveLength(1);
  });

  it('has confirmed nothing that is not synced, its name included', async () => {
    const calls: string[] = [];
    const send = openFileDestination(path, watched(calls));
    const [first, second] = failures(2);
    for (const failure of [first, second]) {
      if (failure) await send(failure, context());
      calls.push('confirmed');
    }
    const once = ['appendFile file', 'sync file', 'sync folder', 'confirmed'];
    expect(calls).toEqual([...once, ...once]);
  });

  it.each(['appendFile file', 'sync file', 'sync folder'])(
    'rejects all sends of a write of which "%s" failed, and takes them when they are sent again',
    async (call) => {
      const send = openFileDestination(path, watched([], { call, times: 1 }));
      const sent = failures(3);
      const ends = await Promise.allSettled(sent.map((failure) => send(failure, context())));
      expect(ends.map(({ status }) => status)).toEqual(['rejected', 'rejected', 'rejected']);
      for (const failure of sent) await send(failure, context());
      expect((await lines()).slice(-4)).toEqual([
        ...sent.map((failure) => JSON.stringify(failureDocument(failure))),
        '',
      ]);
    },
  );

  it('goes on behind the torn line of a killed process, which spoils no other', async () => {
    const [before, after] = failures(2).map((failure) => JSON.stringify(failureDocument(failure)));
    await writeFile(path, `${before}\n${after?.slice(0, 50)}`);
    const [, failure] = failures(2);
    if (failure) await fileDestination(path)(failure, context());
    expect(await lines()).toEqual([before, after?.slice(0, 50), after, '']);
  });

  it('makes its folders, and a file for the eyes of its owner alone', async () => {
    path = join(folder, 'a', 'b', 'given-up.jsonl');
    const [failure] = failures(1);
    if (failure) await fileDestination(path)(failure, context());
    expect(await lines()).toHaveLength(2);
    expect((await stat(path)).mode & 0o777).toBe(0o600);
  });

  it('tells what to do where the file cannot be written, without a word of the item, and writes it when it can', async () => {
    await appendFile(join(folder, 'a'), 'no folder');
    path = join(folder, 'a', 'given-up.jsonl');
    const send = fileDestination(path);
    const [failure] = failures(1);
    if (!failure) return;
    const error = await send(failure, context()).catch((error: unknown) => error);
    expect(error).toMatchObject({ code: 'DESTINATION_FAILED', message: expect.stringContaining('Mend') });
    expect(String(error)).toContain(path);
    expect(String(error)).not.toContain(secret);
    await rm(join(folder, 'a'));
    await send(failure, context());
    expect(await lines()).toHaveLength(2);
  });

  it('writes nothing when the work has been stopped already', async () => {
    const [failure] = failures(1);
    const stopped = new Error('stopped');
    if (failure) {
      const sending = fileDestination(path)(failure, context(AbortSignal.abort(stopped)));
      await expect(sending).rejects.toBe(stopped);
    }
    await expect(readFile(path)).rejects.toThrow('ENOENT');
  });

  it('is refused without a path', () => {
    expect(() => fileDestination('')).toThrow('fileDestination has the path ""; give a file\'s path');
  });
});
