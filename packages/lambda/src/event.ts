import { SluiceError, type StreamRecord, tableOf } from '@sluice/core';
import type { LambdaEvent } from './invocation.js';

/** The event is not one of a DynamoDB stream. Nothing has been run. */
export class MalformedEventError extends SluiceError {
  override readonly name: string = 'MalformedEventError';
  constructor(message: string) {
    super('MALFORMED_EVENT', message);
  }
}

/**
 * The records of an event. They come from one source, so the first one tells whether they are in Lambda's form; those that
 * serverless-offline reads by the AWS SDK are brought into it, as copies. What is wrong beyond that the router refuses.
 */
export function recordsOf(event: LambdaEvent): readonly StreamRecord[] {
  const records: unknown = (event as LambdaEvent | null | undefined)?.Records;
  if (!Array.isArray(records)) {
    throw new MalformedEventError(
      `Expected the event of a DynamoDB stream, but "Records" is ${records === undefined ? 'missing' : `of type ${typeof records}, not a list`}; let an event source mapping of one call the function.`,
    );
  }
  return isForeign(records[0]) ? records.map(inLambdaForm) : records;
}

/** What may differ from Lambda's form, or not be there at all. */
interface ForeignRecord {
  eventSourceARN?: unknown;
  userIdentity?: Record<string, unknown> | null;
  dynamodb?: {
    ApproximateCreationDateTime?: unknown;
    readonly Keys?: unknown;
    readonly NewImage?: unknown;
    readonly OldImage?: unknown;
  };
}

function isForeign(record: ForeignRecord | null | undefined): boolean {
  const arn = record?.eventSourceARN;
  const created = record?.dynamodb?.ApproximateCreationDateTime;
  if (created !== undefined && typeof created !== 'number') return true;
  return typeof arn === 'string' && tableOf(arn) === undefined;
}

/** In JSON a date is text in any case, and bytes are one of two things. */
function inLambdaForm(given: unknown, index: number): StreamRecord {
  const record = JSON.parse(JSON.stringify(given ?? null));
  const { eventSourceARN, userIdentity, dynamodb }: ForeignRecord = record ?? {};
  const where = `Record ${index + 1}`;
  if (typeof eventSourceARN === 'string') {
    record.eventSourceARN = eventSourceARN.replace(bareTable, '$1table/$2');
  }
  if (userIdentity) record.userIdentity = identityOf(userIdentity, where);
  if (dynamodb) {
    const { ApproximateCreationDateTime: created, Keys, NewImage, OldImage } = dynamodb;
    if (created === null) delete dynamodb.ApproximateCreationDateTime;
    else if (created !== undefined) dynamodb.ApproximateCreationDateTime = secondsOf(created, where);
    for (const value of [Keys, NewImage, OldImage]) mendBinary({ M: value }, where);
  }
  return record;
}

/** The ARN of a table in which `table/` and the stream are missing. A table that is not known is called `undefined`. */
const bareTable = /^(arn:[^:]*:dynamodb:[^:]*:[^:]*:)(?!undefined$)([\w.-]+)$/;

function identityOf(identity: Record<string, unknown>, where: string): StreamRecord['userIdentity'] {
  const type = identity['type'] ?? identity['Type'];
  const principalId = identity['principalId'] ?? identity['PrincipalId'];
  if (typeof type === 'string' && typeof principalId === 'string') return { type, principalId };
  throw refused(where, 'a userIdentity that is not { type, principalId }');
}

function secondsOf(created: unknown, where: string): number {
  if (typeof created === 'number') return created;
  const isTime = typeof created === 'string' && /^\d{4}-\d\d-\d\dT[\d:.]+(Z|[+-]\d\d:\d\d)$/.test(created);
  const seconds = isTime ? Math.floor(Date.parse(created) / 1000) : Number.NaN;
  if (!Number.isNaN(seconds)) return seconds;
  throw refused(
    where,
    'an ApproximateCreationDateTime that is neither seconds nor an ISO 8601 time with a zone',
  );
}

/** Binary values become base64, at any depth. What is no value at all is left to those who read it. */
function mendBinary(value: unknown, where: string): void {
  if (typeof value !== 'object' || value === null) return;
  const known: { B?: unknown; BS?: unknown; readonly M?: unknown; readonly L?: unknown } = value;
  if (known.B !== undefined) known.B = base64Of(known.B, where);
  if (Array.isArray(known.BS)) known.BS = known.BS.map((bytes) => base64Of(bytes, where));
  for (const inside of Object.values(known.M ?? known.L ?? {})) mendBinary(inside, where);
}

/** Of a `Buffer`, `{ type: 'Buffer', data }`, or of another list of bytes, `{ "0": 1, … }`, as JSON has them. */
function base64Of(binary: unknown, where: string): string {
  if (typeof binary === 'string') return binary;
  if (typeof binary === 'object' && binary !== null) {
    const bytes = Object.entries('data' in binary && Array.isArray(binary.data) ? binary.data : binary);
    // What is no byte is not found in it again.
    const buffer = Buffer.from(bytes.map(([, byte]) => byte));
    const isRight = bytes.every(([name, byte], index) => name === String(index) && buffer[index] === byte);
    if (isRight) return buffer.toString('base64');
  }
  throw refused(where, 'a binary value that is neither base64 nor bytes');
}

function refused(where: string, what: string): MalformedEventError {
  return new MalformedEventError(`${where} has ${what}. Check what made the event.`);
}
