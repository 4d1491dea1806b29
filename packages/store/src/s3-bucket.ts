import { createHash } from 'node:crypto';
import {
  DeleteObjectCommand,
  GetObjectCommand,
  PutObjectCommand,
  S3Client,
  type S3ClientConfig,
} from '@aws-sdk/client-s3';
import { ConfigurationError, type Destination, eventIdOf, type FailedChange } from '@sluice/core';
import { adviceOn, lazily, timeLimits } from './aws-calls.js';
import { failureDocument } from './failure-document.js';
import { DestinationError, ObjectStoreError } from './sending-errors.js';

/**
 * `region`, `endpoint`, `forcePathStyle` (for engines that are no AWS) and `credentials` are of the client that is made where none is
 * given; by default the environment's.
 */
export interface S3Options
  extends Pick<S3ClientConfig, 'region' | 'endpoint' | 'forcePathStyle' | 'credentials'> {
  readonly bucket: string;
  /** What all keys begin with, as it is: `failed/` with its slash; at most 500 bytes. Empty by default. */
  readonly prefix?: string;
  /** Used as it is, with its own time limits and retries. */
  readonly client?: Pick<S3Client, 'send'>;
}

/**
 * Writes given-up changes to an S3 bucket, each as an object with its {@link failureDocument}, the record always inside. The key is
 *
 *     <prefix><router>/<handlerId>/YYYY/MM/DD/<sequenceNumber>-<eventId>.json
 *
 * with router and handler as `encodeURIComponent` writes them, or `sha256=` and a digest where that is longer than 200 characters, `_`
 * for a router without a name, the day (in UTC) on which the change was made, or `undated` where the record does not tell it, and the
 * sequence number in 40 digits, so that a listing is in the stream's order. Nothing in it depends on when it is sent: sending again
 * replaces the object.
 *
 * Throws `ConfigurationError` without a bucket, or for a prefix that is too long. Rejects with `DESTINATION_FAILED`, or with the
 * reason of `context.signal` once it has aborted. The role needs `s3:PutObject`.
 */
export function s3Destination(options: S3Options): Destination {
  const { bucket, prefix, client } = opened('s3Destination', options);
  return async (failure, { signal }) => {
    signal.throwIfAborted();
    const object = new PutObjectCommand({
      Bucket: bucket,
      Key: prefix + keyOf(failure),
      Body: JSON.stringify(failureDocument(failure)),
      ContentType: 'application/json',
    });
    try {
      await client().send(object, { abortSignal: signal });
    } catch (error) {
      signal.throwIfAborted();
      throw new DestinationError(`The bucket ${bucket}`, error, adviceOn(error, advices));
    }
  };
}

/** So that keys stay below the 1024 bytes that S3 allows. */
const longestPrefixBytes = 500;

/** Texts under keys. Each call may be repeated. */
export interface S3Objects {
  /** Resolves when S3 has confirmed it; an object that is there is replaced. */
  put(key: string, body: string): Promise<void>;
  /** `undefined` where there is none. */
  get(key: string): Promise<string | undefined>;
  /** Also of one that is not there. */
  delete(key: string): Promise<void>;
}

/**
 * Where the ledger keeps parked changes that are too large for a row: objects `<prefix><key>` in an S3 bucket.
 *
 * Throws `ConfigurationError` without a bucket, or for a prefix that is too long; the calls reject with `OBJECT_STORE_FAILED`. The role needs `s3:PutObject`,
 * `s3:GetObject`, `s3:DeleteObject`, and `s3:ListBucket`, without which S3 does not tell that an object is not there.
 */
export function s3Objects(options: S3Options): S3Objects {
  const { bucket, prefix, client } = opened('s3Objects', options);
  const at = (key: string) => ({ Bucket: bucket, Key: prefix + key });
  return {
    put: (key, body) =>
      confirmed(bucket, 'put', async () => {
        await client().send(
          new PutObjectCommand({ ...at(key), Body: body, ContentType: 'application/json' }),
        );
      }),
    get: (key) =>
      confirmed(bucket, 'get', async () => {
        const found = await client()
          .send(new GetObjectCommand(at(key)))
          .catch(unlessAbsent);
        return found?.Body?.transformToString();
      }),
    delete: (key) =>
      confirmed(bucket, 'delete', async () => {
        await client().send(new DeleteObjectCommand(at(key)));
      }),
  };
}

async function confirmed<T>(bucket: string, call: 'put' | 'get' | 'delete', work: () => Promise<T>) {
  try {
    return await work();
  } catch (error) {
    throw new ObjectStoreError(`the bucket ${bucket}`, call, error, adviceOn(error, advices));
  }
}

function unlessAbsent(error: unknown): undefined {
  if (!(error instanceof Error && error.name === 'NoSuchKey')) throw error;
}

function opened(name: string, { bucket, prefix = '', client: given, ...config }: S3Options) {
  if (typeof bucket !== 'string' || bucket === '') {
    throw new ConfigurationError([
      `${name} has the bucket ${JSON.stringify(bucket)}; give the bucket's name`,
    ]);
  }
  const prefixBytes = Buffer.byteLength(prefix);
  if (prefixBytes > longestPrefixBytes) {
    throw new ConfigurationError([
      `${name} has a prefix of ${prefixBytes} bytes; give one of at most ${longestPrefixBytes}`,
    ]);
  }
  const client = lazily(() => given ?? new S3Client({ ...config, requestHandler: timeLimits }));
  return { bucket, prefix, client };
}

function keyOf({ router, handlerId, record }: FailedChange): string {
  const { SequenceNumber } = record.dynamodb;
  const handler = `${router === undefined ? '_' : partOf(router)}/${partOf(handlerId)}`;
  return `${handler}/${dayOf(record)}/${SequenceNumber.padStart(40, '0')}-${eventIdOf(record)}.json`;
}

/** Keys have at most 1024 bytes. No name is written with a `=`. */
function partOf(name: string): string {
  const encoded = encodeURIComponent(name);
  if (encoded.length <= 200) return encoded;
  return `sha256=${createHash('sha256').update(encoded).digest('base64url')}`;
}

function dayOf({ dynamodb: { ApproximateCreationDateTime: seconds } }: FailedChange['record']): string {
  const time = new Date((seconds ?? Number.NaN) * 1000);
  return Number.isNaN(time.getTime()) ? 'undated' : time.toISOString().slice(0, 10).replaceAll('-', '/');
}

const advices = {
  NoSuchBucket: 'Create the bucket, or correct bucket, region or endpoint.',
  AccessDenied:
    'Allow the role what the documentation of the function lists, and kms:GenerateDataKey and kms:Decrypt on the key that the bucket may have.',
  PermanentRedirect: "Give the bucket's region.",
};
