import type { StreamRecord } from '@sluice/core';
import { UsageError } from './errors.js';
import { visible } from './print-value.js';
import { readText } from './read-file.js';
import { isObject, streamRecordOf } from './stream-record.js';
import type { World } from './world.js';

/** What a file of records holds. */
export interface GivenRecords {
  /** In Lambda's form, in the order of the file. */
  readonly records: readonly StreamRecord[];
  /** What the event of a tumbling window has besides, where the file is one. */
  readonly window: Readonly<Record<string, unknown>> | undefined;
}

/**
 * The records of a file, or of standard input for `-`: one record, a list, lines of JSON, an event of Lambda, also of a tumbling
 * window, the document of a failure with its `payload`, the output of `aws dynamodbstreams get-records`. `streamArn` is that of
 * records which do not tell theirs, as those of `get-records`. Throws `UsageError` with what is wrong and where.
 */
export async function readRecords(
  file: string,
  streamArn: string | undefined,
  world: Pick<World, 'cwd' | 'stdin'>,
): Promise<GivenRecords> {
  return recordsIn(await readText(file, world), file === '-' ? 'standard input' : file, streamArn);
}

/** The same of a text; `place` names it in errors. */
export function recordsIn(text: string, place: string, streamArn?: string): GivenRecords {
  const records: StreamRecord[] = [];
  const windows: GivenRecords['window'][] = [];
  const problems: string[] = [];

  const documents = documentsOf(text, place);
  for (const { place, value } of documents) read(value, place);
  const isOneEvent = documents.length === 1 && !Array.isArray(documents[0]?.value);
  if (windows.length > 0 && !isOneEvent) {
    problems.push(`${place} has an event of a tumbling window beside others; give one in a file of its own`);
  }
  if (problems.length > 0) throw new UsageError(shortened(problems).map(visible).join('\n'));
  return { records, window: windows[0] };

  function read(value: unknown, place: string): void {
    if (Array.isArray(value)) {
      for (const [at, inner] of value.entries()) read(inner, `[${at}] of ${place}`);
    } else if (!isObject(value)) problems.push(`${place} is no object; ${expected}`);
    else if ('Records' in value) readEvent(value, place);
    else if (value['payload'] !== undefined) readPayload(value['payload'], `the payload of ${place}`);
    else if ('DDBStreamBatchInfo' in value) problems.push(`${place} ${withoutPayload}`);
    else if ('dynamodb' in value || 'eventName' in value) readRecord(value, place);
    else problems.push(`${place} has ${Object.keys(value).slice(0, 5).join(', ') || 'nothing'}; ${expected}`);
  }

  function readEvent({ Records, ...rest }: Readonly<Record<string, unknown>>, place: string): void {
    const isOfWindow = rest['window'] != null || rest['isFinalInvokeForWindow'] != null;
    if (isOfWindow) windows.push(rest);
    if (Array.isArray(Records)) {
      for (const [at, record] of Records.entries()) readRecord(record, `Records[${at}] of ${place}`);
    } else if (!isOfWindow || Records != null) {
      problems.push(`${place} has Records that are no list; ${expected}`);
    }
  }

  function readPayload(payload: unknown, place: string): void {
    if (typeof payload !== 'string') read(payload, place);
    else for (const inner of documentsOf(payload, place)) read(inner.value, inner.place);
  }

  function readRecord(given: unknown, place: string): void {
    const { record, problem } = streamRecordOf(given, streamArn);
    if (record) records.push(record);
    else problems.push(`${place} ${problem}`);
  }
}

const expected =
  'expected a stream record, a list of them, lines of JSON, an event of Lambda, a failure document with its payload, or what get-records printed';

const withoutPayload =
  'tells where the records are and holds none, as what Lambda sends to SQS and SNS; read them from the stream within 24 hours ' +
  '(aws dynamodbstreams get-shard-iterator, get-records), or give what Lambda put into S3';

interface Document {
  readonly place: string;
  readonly value: unknown;
}

/** One document, or one a line. */
function documentsOf(text: string, place: string): readonly Document[] {
  if (text.trim() === '') throw new UsageError(`${place} is empty; ${expected}`);
  const whole = parsed(text);
  if ('value' in whole) return [{ place, value: whole.value }];
  const lines = text.split('\n').flatMap((line, at) => (line.trim() === '' ? [] : { line, at }));
  const [first] = lines;
  const isByLine = lines.length > 1 && first !== undefined && 'value' in parsed(first.line);
  if (!isByLine) throw new UsageError(`${place} is no JSON${whole.where}; ${expected}`);
  return lines.map(({ line, at }) => {
    const one = parsed(line);
    if ('value' in one) return { place: `line ${at + 1} of ${place}`, value: one.value };
    throw new UsageError(
      `line ${at + 1} of ${place} is no JSON, but the first line is; give one document a line`,
    );
  });
}

/** Of what the parser says only the place is told: the rest may quote the item. */
function parsed(text: string): { readonly value: unknown } | { readonly where: string } {
  try {
    return { value: JSON.parse(text) };
  } catch (error) {
    const [, line, column] = /\(line (\d+) column (\d+)\)/.exec(String(error)) ?? [];
    return { where: line === undefined ? '' : ` from line ${line}, column ${column} on` };
  }
}

/** A file that is something else has a problem in every line. */
function shortened(problems: readonly string[]): readonly string[] {
  const more = problems.length - most;
  return more <= 0 ? problems : [...problems.slice(0, most), `and ${more} more like these`];
}

const most = 10;
