import { SluiceError } from '@sluice/core';

/** What a command was given cannot be used: an option, a file, a module that is not there. The exit code is 2. */
export class UsageError extends SluiceError {
  override readonly name: string = 'UsageError';
  constructor(message: string, options?: ErrorOptions) {
    super('USAGE', message, options);
  }
}
