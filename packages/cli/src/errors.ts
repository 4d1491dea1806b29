import { isSluiceError, SluiceError } from '@sluice/core';

/** What a command was given cannot be used: an option, a file, a module that is not there. The exit code is 2. */
export class UsageError extends SluiceError {
  override readonly name: string = 'UsageError';
  constructor(message: string, options?: ErrorOptions) {
    super('USAGE', message, options);
  }
}

/** The problems of a `ConfigurationError`, of whichever copy of core; `undefined` for any other error. */
export function problemsIn(error: unknown): readonly string[] | undefined {
  return isSluiceError(error) && 'problems' in error ? (error.problems as readonly string[]) : undefined;
}
