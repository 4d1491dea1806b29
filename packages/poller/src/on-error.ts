/**
 * What a failed call of the Streams API means to a shard. No error but `gap`, under the user's policy, ever moves a
 * reading position.
 *
 * - `retry`: the call may work later: throttling, faults of the service or the network, credentials being renewed.
 * - `reopen`: the iterator is too old; a new one is taken at the same position.
 * - `gap`: records after the position were trimmed before they were read.
 * - `gone`: the stream or the shard is not there (any more); DescribeStream tells which.
 * - `halt`: no repetition will help: permissions, a request that the service does not accept.
 */
export type ErrorAction = 'retry' | 'reopen' | 'gap' | 'gone' | 'halt';

export function actionOn(error: unknown): ErrorAction {
  const { name, $metadata } = (error ?? {}) as { name?: unknown; $metadata?: { httpStatusCode?: number } };
  const action = typeof name === 'string' ? byName.get(name) : undefined;
  if (action) return action;
  const status = $metadata?.httpStatusCode ?? 0;
  return status >= 400 && status < 500 && !laterStatuses.includes(status) ? 'halt' : 'retry';
}

/** Whether the service itself asks for less: it is there, and only waiting helps. */
export function isThrottling(error: unknown): boolean {
  const { name, $metadata } = (error ?? {}) as { name?: unknown; $metadata?: { httpStatusCode?: number } };
  return throttles.includes(String(name)) || $metadata?.httpStatusCode === 429;
}

const throttles = [
  'LimitExceededException',
  'ProvisionedThroughputExceededException',
  'RequestLimitExceeded',
  'Throttling',
  'ThrottlingException',
  'TooManyRequestsException',
];

/** "Request Timeout" and "Too Many Requests", perhaps of a proxy. */
const laterStatuses = [408, 429];

/** Errors of the service that do not say by their status what they are. Names without a row here: most 4xx halt, all others retry. */
const byName = new Map<string, ErrorAction>([
  ['ExpiredIteratorException', 'reopen'],
  ['TrimmedDataAccessException', 'gap'],
  ['ResourceNotFoundException', 'gone'],

  ...throttles.map((name) => [name, 'retry'] as const),
  ['RequestTimeout', 'retry'],
  ['RequestTimeoutException', 'retry'],
  ['CredentialsProviderError', 'retry'],
  ['ExpiredToken', 'retry'],
  ['ExpiredTokenException', 'retry'],
  // What a clock that is off leads to; the client sets its own right by the answer.
  ['InvalidSignatureException', 'retry'],
  ['RequestExpired', 'retry'],
  ['RequestInTheFuture', 'retry'],
  ['RequestTimeTooSkewed', 'retry'],

  ['AccessDenied', 'halt'],
  ['AccessDeniedException', 'halt'],
  ['MissingAuthenticationTokenException', 'halt'],
  ['SerializationException', 'halt'],
  ['UnrecognizedClientException', 'halt'],
  ['ValidationException', 'halt'],
]);
