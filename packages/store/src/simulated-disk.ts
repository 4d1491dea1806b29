import type { Files, OpenFile } from './log-file.js';

/** One folder on a disk that keeps, through a loss of power, only what was synced, and of the rest what chance wants. */
export interface SimulatedDisk {
  readonly files: Files;
  /** Plans what happens to call number `n` from now on, 0 the next one; without a fault it succeeds. A restart keeps the plan. */
  plan(fault: (n: number) => Fault | undefined): void;
  /** Starts the process again: files are as the last calls left them. */
  restartProcess(): void;
  /** Starts the machine again. `chance` gives numbers from 0 (included) to 1 (excluded). */
  restartMachine(chance: () => number): void;
}

/** The call does a part of its work (0 to 1) and then rejects; when the process died, so does every call after it. */
export interface Fault {
  readonly part: number;
  readonly thenDies: boolean;
}

interface Content {
  now: Buffer;
  synced: Buffer;
  /** A sync failed. The system may take the pages as written, so later syncs succeed and sync nothing. */
  syncFailed: boolean;
}

export function simulatedDisk(): SimulatedDisk {
  let names = new Map<string, Content>();
  let syncedNames = new Map<string, Content>();
  let faultOf: (n: number) => Fault | undefined = () => undefined;
  let calls = 0;
  let dead = false;

  /** Every call goes through here; `work` does the given part of itself. */
  async function call<T>(work: (part: number) => T): Promise<T> {
    await undefined; // no call is over at once
    if (dead) throw new Error('The process is dead.');
    const fault = faultOf(calls++);
    if (!fault) return work(1);
    work(fault.part);
    dead = fault.thenDies;
    throw Object.assign(new Error('EIO: simulated'), { code: 'EIO' });
  }

  function openFolder(): OpenFile {
    return {
      appendFile: () => Promise.reject(new Error('EISDIR: simulated')),
      sync: () =>
        call((part) => {
          if (part === 1) syncedNames = new Map(names);
        }),
      close: () => call(() => {}),
    };
  }

  function openContent(content: Content): OpenFile {
    return {
      appendFile: (text) =>
        call((part) => {
          const bytes = Buffer.from(text);
          content.now = Buffer.concat([content.now, bytes.subarray(0, Math.floor(bytes.length * part))]);
        }),
      sync: () =>
        call((part) => {
          if (part < 1) content.syncFailed = true;
          if (!content.syncFailed) content.synced = content.now;
        }),
      close: () => call(() => {}),
    };
  }

  function newContent(path: string): Content {
    const content = { now: Buffer.alloc(0), synced: Buffer.alloc(0), syncFailed: false };
    names.set(path, content);
    return content;
  }

  const files: Files = {
    readFile: (path) =>
      call(() => {
        const content = names.get(path);
        if (!content) throw Object.assign(new Error('ENOENT: simulated'), { code: 'ENOENT' });
        return content.now;
      }),
    open: (path, flags) =>
      call(() => {
        if (flags === 'r') return openFolder();
        const content = names.get(path) ?? newContent(path);
        if (flags === 'w') Object.assign(content, { now: Buffer.alloc(0), syncFailed: false });
        return openContent(content);
      }),
    rename: (from, to) =>
      call((part) => {
        const content = names.get(from);
        if (!content) throw new Error('ENOENT: simulated');
        if (part < 0.5) return;
        names.set(to, content);
        names.delete(from);
      }),
  };

  return {
    files,
    plan(fault) {
      faultOf = fault;
      calls = 0;
    },
    restartProcess() {
      dead = false;
    },
    restartMachine(chance) {
      dead = false;
      names = new Map(chance() < 0.5 ? names : syncedNames);
      for (const content of new Set(names.values())) {
        content.now = content.synced = survived(content, chance);
        content.syncFailed = false;
      }
      syncedNames = new Map(names);
    },
  };
}

/** What was synced, some of what was appended since, and some of that as zeros, of blocks that never arrived. */
function survived({ now, synced }: Content, chance: () => number): Buffer {
  const kept = now.subarray(0, synced.length).equals(synced) ? synced : Buffer.alloc(0);
  const rest = now.subarray(kept.length);
  const arrived = Buffer.from(rest.subarray(0, Math.floor(rest.length * 2 * chance())));
  if (chance() < 0.3)
    arrived.fill(0, Math.floor(arrived.length * chance()), Math.floor(arrived.length * chance()));
  return Buffer.concat([kept, arrived]);
}
