import { describe, expect, test } from 'vitest';
import { actionOn } from './on-error.js';

describe('an error of the Streams API', () => {
  test.each([
    ['ExpiredIteratorException', 'reopen'],
    ['TrimmedDataAccessException', 'gap'],
    ['ResourceNotFoundException', 'gone'],
    ['LimitExceededException', 'retry'],
    ['ThrottlingException', 'retry'],
    ['ProvisionedThroughputExceededException', 'retry'],
    ['InternalServerError', 'retry'],
    ['CredentialsProviderError', 'retry'],
    ['ExpiredTokenException', 'retry'],
    ['TimeoutError', 'retry'],
    ['InvalidSignatureException', 'retry'],
    ['AccessDeniedException', 'halt'],
    ['ValidationException', 'halt'],
    ['UnrecognizedClientException', 'halt'],
  ])('named %s means %s', (name, action) => {
    expect(actionOn(Object.assign(new Error('UnknownError'), { name }))).toBe(action);
  });

  test.each([
    [400, 'halt'],
    [408, 'retry'],
    [413, 'halt'],
    [429, 'retry'],
    [500, 'retry'],
    [503, 'retry'],
  ])('with a name nobody knows and status %i means %s', (httpStatusCode, action) => {
    const error = Object.assign(new Error('?'), {
      name: 'NewFashionedException',
      $metadata: { httpStatusCode },
    });
    expect(actionOn(error)).toBe(action);
  });

  test('keeps its meaning by name whatever the status is: throttling comes with status 400', () => {
    const error = Object.assign(new Error('Rate exceeded'), {
      name: 'ThrottlingException',
      $metadata: { httpStatusCode: 400 },
    });
    expect(actionOn(error)).toBe('retry');
  });

  test('of the network, or of any other kind, is retried', () => {
    expect(actionOn(Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET' }))).toBe('retry');
    expect(actionOn('not even an error')).toBe('retry');
    expect(actionOn(undefined)).toBe('retry');
  });
});
