import { dirname } from 'node:path';
import { UnreadableStoreError } from './errors.js';
import { emptyRows, type RowChange, type Rows } from './rows.js';

const FORMAT = 'sluice-store/1';

/**
 * The file of a store: JSON lines. The first line is the header, each other line is one append: an array of changes.
 *
 *     {"format":"sluice-store/1","lastVersion":7}
 *     [{"pk":"a","sk":"b","value":{},"version":"7"},{"pk":"a","sk":"c","deleted":true}]
 *
 * A line counts once its line end is there, so an append is there as a whole or not at all. A file comes into being
 * only whole, by a rename, so its header is always complete.
 */
export interface LogFile {
  /** More than half of the file is past history, and it is worth the while to write it anew. */
  isLong(): boolean;
  /** Durable when it resolves. When it rejects, nobody knows what the file holds: close it and write it anew. */
  append(changes: readonly RowChange[]): Promise<void>;
  close(): Promise<void>;
}

export interface LogPlace {
  readonly path: string;
  readonly files: Files;
  /** A log that grew by less than this since it was written is never long. */
  readonly minGrowthBytes: number;
}

/** The calls of `node:fs/promises` that the log uses. */
export interface Files {
  readFile(path: string): Promise<Buffer>;
  open(path: string, flags: 'r' | 'w' | 'a'): Promise<OpenFile>;
  rename(from: string, to: string): Promise<void>;
}

export interface OpenFile {
  /** Writes all of the text at the end, or rejects, perhaps with a part of it written. */
  appendFile(text: string): Promise<void>;
  sync(): Promise<void>;
  close(): Promise<void>;
}

export interface LogContent {
  readonly rows: Rows;
  readonly lastVersion: number;
}

/**
 * What the file holds; nothing if there is no file or an empty one. What a crash left of the last append is passed over,
 * anything else that does not belong there is an {@link UnreadableStoreError}.
 */
export async function readLog(place: LogPlace): Promise<LogContent> {
  const { path } = place;
  const rows = emptyRows();
  const bytes = await readIfThere(place);
  if (bytes.length === 0) return { rows, lastVersion: 0 };
  const [header, ...appends] = finishedLines(bytes).map(parse);
  if (!isHeader(header))
    throw new UnreadableStoreError(path, `line 1 does not begin a file of format ${FORMAT}`);
  let { lastVersion } = header;
  for (const [index, changes] of appends.entries()) {
    if (!isAppend(changes))
      throw new UnreadableStoreError(path, `line ${index + 2} is not what a store writes`);
    for (const change of changes) {
      rows.apply(change);
      if (!('deleted' in change)) lastVersion = Math.max(lastVersion, Number(change.version));
    }
  }
  return { rows, lastVersion };
}

/**
 * Replaces the file by one that holds just these rows, and opens it for appends. Whenever the process dies, the file is
 * either the old one or the new one: the new one is durable before it takes the old one's name. When this rejects, it
 * may be either of the two.
 */
export async function writeLog(
  { path, files, minGrowthBytes }: LogPlace,
  content: LogContent,
): Promise<LogFile> {
  const text = contentText(content);
  const writing = await files.open(`${path}.new`, 'w');
  try {
    await writing.appendFile(text);
    await writing.sync();
  } finally {
    await writing.close();
  }
  await files.rename(`${path}.new`, path);
  await syncFolder(files, dirname(path));
  const file = await files.open(path, 'a');
  const longBytes = Math.max(minGrowthBytes, Buffer.byteLength(text));
  let grownBytes = 0;
  return {
    isLong: () => grownBytes >= longBytes,
    async append(changes) {
      const line = `${JSON.stringify(changes)}\n`;
      await file.appendFile(line);
      await file.sync();
      grownBytes += Buffer.byteLength(line);
    },
    close: () => file.close(),
  };
}

/** Makes the names in a folder durable. Windows cannot do it, and there NTFS keeps its own journal of them. */
export async function syncFolder(files: Pick<Files, 'open'>, path: string): Promise<void> {
  if (process.platform === 'win32') return;
  const folder = await files.open(path, 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

function contentText({ rows, lastVersion }: LogContent): string {
  let text = `${JSON.stringify({ format: FORMAT, lastVersion })}\n`;
  for (const row of rows) text += `${JSON.stringify([row])}\n`;
  return text;
}

async function readIfThere({ files, path }: LogPlace): Promise<Buffer> {
  try {
    return await files.readFile(path);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') return Buffer.alloc(0);
    throw new UnreadableStoreError(path, message, { cause: error });
  }
}

/**
 * The lines that have their end, without what a crash left of the last append: a line without its end, or, where the
 * power went, one with zero bytes for blocks that never reached the disk (JSON has none).
 */
function finishedLines(bytes: Buffer): readonly Buffer[] {
  const lines: Buffer[] = [];
  let start = 0;
  for (let end = bytes.indexOf('\n'); end >= 0; end = bytes.indexOf('\n', start)) {
    lines.push(bytes.subarray(start, end));
    start = end + 1;
  }
  return lines.at(-1)?.includes(0) ? lines.slice(0, -1) : lines;
}

const utf8 = new TextDecoder('utf-8', { fatal: true });

/** `undefined` if it is not JSON. The reason is not told, because it would quote the data. */
function parse(line: Buffer): unknown {
  try {
    return JSON.parse(utf8.decode(line));
  } catch {
    return undefined;
  }
}

function isHeader(line: unknown): line is { readonly lastVersion: number } {
  return isObject(line) && line['format'] === FORMAT && Number.isSafeInteger(line['lastVersion']);
}

function isAppend(line: unknown): line is readonly RowChange[] {
  return Array.isArray(line) && line.every(isChange);
}

function isChange(entry: unknown): entry is RowChange {
  if (!isObject(entry) || typeof entry['pk'] !== 'string' || typeof entry['sk'] !== 'string') return false;
  if (entry['deleted'] === true) return true;
  return typeof entry['version'] === 'string' && /^\d+$/.test(entry['version']) && 'value' in entry;
}

function isObject(value: unknown): value is { readonly [name: string]: unknown } {
  return typeof value === 'object' && value !== null;
}
