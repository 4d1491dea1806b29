import type { WindowState } from './lambda-simulator-windows.js';

/** What Lambda makes of a response: where it delivers again from, if anywhere. */
export interface ReadResponse {
  /** The lowest sequence number that was reported; the first of the batch where the response is malformed. */
  readonly retryFrom: string | undefined;
  /** What is wrong with a response that fails the whole batch. */
  readonly fault?: string;
}

/**
 * Reads the response to an ordered batch as Lambda does with `ReportBatchItemFailures`. A response that is null, `{}` or `[]`, or whose
 * `batchItemFailures` is missing, null or empty, is a complete success. An identifier that is missing, empty or not of
 * this batch fails the whole batch. Text, numbers and filled arrays, of which the documentation does not speak, do so here.
 *
 * Source: https://docs.aws.amazon.com/lambda/latest/dg/services-ddb-batchfailurereporting.html
 */
export function readResponse(response: unknown, delivered: readonly string[]): ReadResponse {
  const wholeBatch = (fault: string): ReadResponse => ({ retryFrom: delivered[0], fault });
  if (response === null || response === undefined) return { retryFrom: undefined };
  if (typeof response !== 'object') return wholeBatch(`Expected an object or null, got ${typeof response}.`);
  if (Array.isArray(response) && response.length > 0)
    return wholeBatch('Expected an object or null, got an array.');
  const failures = 'batchItemFailures' in response ? response.batchItemFailures : undefined;
  if (failures === null || failures === undefined) return { retryFrom: undefined };
  if (!Array.isArray(failures))
    return wholeBatch(`Expected batchItemFailures as an array, got ${typeof failures}.`);
  const places = failures.map((failure) => delivered.indexOf(identifierOf(failure)));
  const unknown = places.indexOf(-1);
  if (unknown !== -1)
    return wholeBatch(`batchItemFailures[${unknown}].itemIdentifier names no record of the batch.`);
  return { retryFrom: delivered[Math.min(...places)] };
}

/**
 * Reads the state in the response to an event of a window: one without a `state` is a failed invocation. A state that is not an
 * object, of which the documentation does not speak, is taken for none here.
 *
 * Source: https://docs.aws.amazon.com/lambda/latest/dg/services-ddb-windows.html
 */
export function readState(response: unknown): { readonly state: WindowState } | { readonly fault: string } {
  const state = isObject(response) ? response['state'] : undefined;
  return isObject(state) ? { state } : { fault: 'Expected an object with a state, which is an object.' };
}

function isObject(value: unknown): value is WindowState {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Empty for what is not an identifier. */
function identifierOf(failure: unknown): string {
  if (typeof failure !== 'object' || failure === null || !('itemIdentifier' in failure)) return '';
  return typeof failure.itemIdentifier === 'string' ? failure.itemIdentifier : '';
}
