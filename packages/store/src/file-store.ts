import * as nodeFiles from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { isSluiceError, type Row, type RowKey, type Store, type Written } from '@sluice/core';
import { StoreClosedError, StoreWriteError } from './errors.js';
import { lockFile } from './lock-file.js';
import { type LogFile, type LogPlace, readLog, writeLog } from './log-file.js';
import { makeFolder } from './make-folder.js';
import { checkFrom, checkKey, checkKeys } from './row-keys.js';
import { copyOut, copyOutcome, decide, ownCopy, type RowChange, type Write } from './rows.js';

export interface FileStore extends Store {
  /** Waits for the writes under way and gives the file free. Every later call rejects with `STORE_CLOSED`. */
  close(): Promise<void>;
}

/**
 * A store in one file, for one process at a time. All rows are also in memory; those that have expired are dropped when
 * the file is opened. A write is on the disk when its promise resolves, and writes that come at the same time share one
 * write to the disk. Killing the process or the machine at any moment loses no resolved write. Folders that are missing
 * are made.
 *
 * Rejects with `STORE_WRITE_FAILED` where the file cannot be made; with `STORE_IN_USE` while another process has it open
 * (a lock file beside it, `<path>.lock-…`, tells; that of a dead process counts for nothing, so processes in different
 * containers are not told apart); and with `STORE_UNREADABLE` for a file that holds anything else than a store.
 */
export async function fileStore(path: string): Promise<FileStore> {
  const { realPath, unlock } = await takePlace(resolve(path));
  try {
    return await openFileStore({ path: realPath, files: nodeFiles, minGrowthBytes: 1024 * 1024 }, unlock);
  } catch (error) {
    await unlock();
    throw error;
  }
}

async function takePlace(path: string): Promise<{ realPath: string; unlock: () => Promise<void> }> {
  try {
    const realPath = await makeFolders(path);
    return { realPath, unlock: await lockFile(realPath) };
  } catch (error) {
    throw isSluiceError(error) ? error : new StoreWriteError(path, error);
  }
}

interface WaitingWrite {
  readonly write: Write;
  resolve(written: Written): void;
  reject(error: unknown): void;
}

/**
 * The store over a place that nobody else uses. `rows` are exactly what is durable: a write is decided against them and
 * what the same batch decided before it, and they change when the batch is on the disk.
 *
 * The file is written anew at the start, so that what a killed process had written without a sync becomes durable before
 * anybody reads it, and again after a failed write, where trying the sync again would prove nothing.
 */
export async function openFileStore(place: LogPlace, unlock: () => Promise<void>): Promise<FileStore> {
  const content = await readLog(place);
  const { rows } = content;
  const nowSeconds = Date.now() / 1000;
  for (const { pk, sk, expiresAt = nowSeconds } of [...rows]) {
    if (expiresAt < nowSeconds) rows.apply({ pk, sk, deleted: true });
  }
  let { lastVersion } = content;
  /** `undefined` while it is not known what the file holds. */
  let log: LogFile | undefined;
  let waiting: WaitingWrite[] = [];
  /** The end of all that uses the file, one after the other; never rejects. */
  let tail: Promise<void> = Promise.resolve();
  let closing: Promise<void> | undefined;

  async function readable(): Promise<void> {
    if (closing) throw new StoreClosedError(place.path);
    if (!log) await inTurn(usableLog);
  }

  async function write(write: Write): Promise<Written> {
    if (closing) throw new StoreClosedError(place.path);
    return new Promise((resolve, reject) => {
      waiting.push({ write, resolve, reject });
      if (waiting.length === 1) inTurn(writeAllWaiting);
    });
  }

  function inTurn<T>(work: () => Promise<T>): Promise<T> {
    const turn = tail.then(work);
    tail = turn.then(
      () => {},
      () => {},
    );
    return turn;
  }

  async function writeAllWaiting(): Promise<void> {
    const batch = waiting;
    waiting = [];
    try {
      const decided = decideAll(batch);
      const changes = decided.flatMap(({ change }) => change ?? []);
      const file = await usableLog();
      if (changes.length > 0) await append(file, changes);
      for (const [index, { written }] of decided.entries()) batch[index]?.resolve(copyOutcome(written));
    } catch (error) {
      for (const { reject } of batch) reject(error);
    }
  }

  function decideAll(batch: readonly WaitingWrite[]) {
    const changed = new Map<string, Row | undefined>();
    return batch.map(({ write }) => {
      const id = JSON.stringify([write.row.pk, write.row.sk]);
      const current = changed.has(id) ? changed.get(id) : rows.get(write.row);
      const decided = decide(current, write, String(lastVersion + 1));
      if (decided.change) {
        lastVersion++; // never taken back, not even when the write fails
        changed.set(id, 'deleted' in decided.change ? undefined : decided.change);
      }
      return decided;
    });
  }

  async function append(file: LogFile, changes: readonly RowChange[]): Promise<void> {
    try {
      await file.append(changes);
    } catch (cause) {
      log = undefined;
      await file.close().catch(() => {}); // it is given up
      throw new StoreWriteError(place.path, cause);
    }
    for (const change of changes) rows.apply(change);
  }

  async function usableLog(): Promise<LogFile> {
    if (log && !log.isLong()) return log;
    const old = log;
    log = undefined;
    try {
      await old?.close();
      log = await writeLog(place, { rows, lastVersion });
      return log;
    } catch (cause) {
      throw new StoreWriteError(place.path, cause);
    }
  }

  async function close(): Promise<void> {
    try {
      await tail;
      await log?.close();
    } finally {
      await unlock();
    }
  }

  await usableLog();
  return {
    async get(pk, sk) {
      checkKeys({ pk, sk });
      await readable();
      return copyOut(rows.get({ pk, sk }));
    },
    async list(pk, from, limit) {
      checkKey('pk', pk);
      checkFrom(from);
      await readable();
      return rows.list(pk, from, limit).map((row) => copyOut(row));
    },
    put: async (row, ifVersion) => write({ kind: 'put', row: ownCopy(row), ifVersion }),
    async delete({ pk, sk }: RowKey, ifVersion) {
      checkKeys({ pk, sk });
      return write({ kind: 'delete', row: { pk, sk }, ifVersion });
    },
    close() {
      closing ??= close();
      return closing;
    },
  };
}

/** Makes the folders of the file, and follows a link in its place, which a rename would otherwise replace. */
async function makeFolders(path: string): Promise<string> {
  await makeFolder(dirname(path));
  return nodeFiles.realpath(path).catch(() => path);
}
