import { closeSync, existsSync, openSync, readSync } from 'node:fs';
import { setTimeout } from 'node:timers/promises';
import type { Entry } from './check.js';

/** Reads a journal while it is written. */
export interface JournalFile {
  readonly entries: readonly Entry[];
  /** Reads what has come since the last time. */
  readNew(): void;
  /**
   * Follows the file until it has the effects of `count` calls, doubles not counted; gives up when nothing came for 30
   * seconds, or nobody writes it any more.
   */
  follow(count: number, isWritten: () => boolean, onEntry?: (entry: Entry) => void): Promise<void>;
}

const patienceMs = 30_000;

export function openJournal(path: string): JournalFile {
  const entries: Entry[] = [];
  const calls = new Set<string>();
  let offset = 0;
  let partial = '';

  function readNew(onEntry?: (entry: Entry) => void): void {
    if (!existsSync(path)) return;
    const file = openSync(path, 'r');
    const chunk = Buffer.alloc(65_536);
    for (let length = readSync(file, chunk, 0, chunk.length, offset); length > 0; ) {
      offset += length;
      const lines = (partial + chunk.toString('utf8', 0, length)).split('\n');
      partial = lines.pop() ?? '';
      for (const line of lines) {
        const entry = JSON.parse(line) as Entry;
        entries.push(entry);
        calls.add(`${entry.handlerId} ${entry.sequenceNumber}`);
        onEntry?.(entry);
      }
      length = readSync(file, chunk, 0, chunk.length, offset);
    }
    closeSync(file);
  }

  return {
    entries,
    readNew,
    async follow(count, isWritten, onEntry) {
      let lastMs = Date.now();
      for (;;) {
        const before = entries.length;
        const wasWritten = isWritten();
        readNew(onEntry);
        if (calls.size >= count || !wasWritten) return;
        if (entries.length > before) lastMs = Date.now();
        if (Date.now() - lastMs > patienceMs) return;
        await setTimeout(20);
      }
    },
  };
}
