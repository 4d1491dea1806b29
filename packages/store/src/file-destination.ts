import * as nodeFiles from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { ConfigurationError, type Destination } from '@sluice/core';
import { failureDocument } from './failure-document.js';
import { syncFolder } from './log-file.js';
import { makeFolder } from './make-folder.js';
import { DestinationError } from './sending-errors.js';

/**
 * Appends given-up changes to a file, for one process at a time: each a line of JSON, its {@link failureDocument} with the record
 * inside. The line is on the disk when it has resolved; sends that come at the same time share one write. A line that a killed process
 * or a full disk left unfinished stays there as a line of its own, so readers pass over what is no JSON. A change that is sent again
 * has another line, with the same `sluice.eventId` and `sluice.handlerId`.
 *
 * The file and its folders are made with the first change, the file readable by its owner alone. Throws `ConfigurationError` without
 * a path. Rejects with `DESTINATION_FAILED`; or with the reason of `context.signal` when that has aborted before.
 */
export function fileDestination(path: string): Destination {
  if (typeof path !== 'string' || path === '') {
    throw new ConfigurationError([
      `fileDestination has the path ${JSON.stringify(path)}; give a file's path`,
    ]);
  }
  return openFileDestination(resolve(path), nodeFiles);
}

export function openFileDestination(path: string, files: Pick<typeof nodeFiles, 'open'>): Destination {
  let waiting: string[] = [];
  /** The write that takes those who wait. */
  let next: Promise<void> | undefined;
  let last: Promise<void> = Promise.resolve();

  async function writeAllWaiting(): Promise<void> {
    const lines = waiting;
    waiting = [];
    next = undefined;
    try {
      await appendLines(path, lines, files);
    } catch (error) {
      throw new DestinationError(`The file ${path}`, error, advice);
    }
  }

  return async (failure, { signal }) => {
    signal.throwIfAborted();
    waiting.push(JSON.stringify(failureDocument(failure)));
    if (!next) {
      next = last.then(writeAllWaiting);
      last = next.catch(() => {}); // its senders are told
    }
    await next;
  };
}

async function appendLines(
  path: string,
  lines: readonly string[],
  files: Pick<typeof nodeFiles, 'open'>,
): Promise<void> {
  await makeFolder(dirname(path));
  const file = await files.open(path, 'a+', 0o600);
  try {
    const start = (await endsInsideOfLine(file)) ? '\n' : '';
    await file.appendFile(`${start}${lines.join('\n')}\n`);
    await file.sync();
  } finally {
    await file.close();
  }
  await syncFolder(files, dirname(path));
}

async function endsInsideOfLine(file: nodeFiles.FileHandle): Promise<boolean> {
  const { size } = await file.stat();
  if (size === 0) return false;
  const { buffer } = await file.read({ buffer: Buffer.alloc(1), position: size - 1 });
  return buffer[0] !== '\n'.charCodeAt(0);
}

const advice = 'Mend the cause: the path, space, permissions, the disk.';
