import type { AnyCall } from './calls.js';
import type { AnyMiddleware } from './chain.js';
import type { Logger } from './logger.js';
import type { Outcome } from './outcome.js';
import { errorTypeOf, subjectOf, watching } from './watching.js';

export type LogLevel = keyof Logger;

export interface LoggingOptions {
  /**
   * The level of all lines, or of each; `undefined` writes none. By default `warn` for what failed or never will be done, and
   * `info` for everything else.
   */
  readonly level?: LogLevel | ((outcome: Outcome, call: AnyCall) => LogLevel | undefined);
  /** More fields for a line. Nothing of an item or its keys is in one unless it comes from here. */
  readonly fields?: (call: AnyCall, outcome: Outcome) => object;
}

/**
 * One line for each call when it has ended, `handler ended: handled` or `record ended: failed`: with `outcome`, `durationMs`, the
 * `reason` of what was skipped, the `errorType` of what was not done, and `streamArn`, `sequenceNumber`, `eventName`, `handlerId`
 * and `attempt` as far as the call has them; a batch's has its counts. The error itself is in the router's own line about it,
 * `handler failed`. What logging throws decides nothing.
 */
export function logging({ level = usualLevel, fields }: LoggingOptions = {}): AnyMiddleware {
  return watching((call, outcome, durationMs) => {
    const at = typeof level === 'function' ? level(outcome, call) : level;
    if (at === undefined) return;
    const { level: what, table: _, ...about } = subjectOf(call);
    const errorType = errorTypeOf(outcome);
    call.context.logger[at](
      {
        ...about,
        ...('records' in call && call.counts),
        outcome: outcome.kind,
        durationMs,
        ...(outcome.kind === 'skipped' && { reason: outcome.reason }),
        ...(errorType !== undefined && { errorType }),
        ...fields?.(call, outcome),
      },
      `${what} ended: ${outcome.kind}`,
    );
  });
}

function usualLevel({ kind }: Outcome): LogLevel {
  return kind === 'failed' || kind === 'neverAgain' ? 'warn' : 'info';
}
