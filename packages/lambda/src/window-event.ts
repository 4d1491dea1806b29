import { SluiceError, tableOf, type WindowDelivery } from '@sluice/core';
import { MalformedEventError } from './event.js';
import type { LambdaEvent } from './invocation.js';

/** A window has not ended, and there is no record to report: Lambda invokes the function again for its end. */
export class WindowNotClosedError extends SluiceError {
  override readonly name: string = 'WindowNotClosedError';
  constructor() {
    super('WINDOW_NOT_CLOSED', 'The window was not closed; the log says why. Lambda tries again.');
  }
}

/**
 * The window of an event that is of one. One that begins has no state yet, which is `{}`. Throws `MalformedEventError` for
 * a field that is missing or of another type, since a state that is not found would be lost.
 */
export function windowOf(event: LambdaEvent): WindowDelivery | undefined {
  const { window, state, shardId, eventSourceARN, isFinalInvokeForWindow, isWindowTerminatedEarly } =
    (event as LambdaEvent | null | undefined) ?? ({} as Partial<LambdaEvent>);
  const ofWindows = [window, state, isFinalInvokeForWindow, isWindowTerminatedEarly];
  if (ofWindows.every((field) => field == null)) return undefined;
  const wrong = Object.entries({
    'window.start': isTime(window?.start),
    'window.end': isTime(window?.end),
    state: state == null || (typeof state === 'object' && !Array.isArray(state)),
    shardId: typeof shardId === 'string' && shardId !== '',
    eventSourceARN: typeof eventSourceARN === 'string' && tableOf(eventSourceARN) !== undefined,
    isFinalInvokeForWindow: typeof isFinalInvokeForWindow === 'boolean',
    isWindowTerminatedEarly: typeof isWindowTerminatedEarly === 'boolean',
  }).flatMap(([name, isRight]) => (isRight ? [] : name));
  if (wrong.length > 0) {
    throw new MalformedEventError(
      `Expected the event of a tumbling window, but ${wrong.join(', ')} cannot be meant; check what made it.`,
    );
  }
  // Each of them was looked at above.
  return {
    start: window?.start,
    end: window?.end,
    shardId,
    streamArn: eventSourceARN,
    isWindowTerminatedEarly,
    isFinalInvokeForWindow,
    state: state ?? {},
  } as WindowDelivery;
}

function isTime(text: unknown): boolean {
  return typeof text === 'string' && !Number.isNaN(Date.parse(text));
}
