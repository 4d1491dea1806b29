import { consoleLogger, jsonLine, type Logger, withFields } from '@sluice/core';
import type { LambdaContext } from './invocation.js';

/**
 * The loggers of invocations: each line of one holds the invocation's own `requestId` and, where it is traced, its `xrayTraceId`.
 * A given logger writes them in its way. Where none was given they are AWS's JSON lines, straight on stdout, since the runtime
 * would frame what goes through the console: `{"timestamp":…,"level":"WARN","requestId":…,"message":…, …fields}`, from
 * `AWS_LAMBDA_LOG_LEVEL` up, or else from INFO.
 * Source: https://docs.aws.amazon.com/lambda/latest/dg/monitoring-cloudwatchlogs-log-level.html
 */
export function loggers(given: Logger): (context: LambdaContext | undefined) => Logger {
  const { AWS_LAMBDA_LOG_LEVEL: level, AWS_LAMBDA_MAX_CONCURRENCY: several } = process.env;
  const loggerWith = given === consoleLogger ? onStdout(level) : (own: object) => withFields(given, own);
  return (context) => {
    const requestId = context?.awsRequestId;
    // The environment holds the trace of one invocation, and tells nothing where there may be several at a time.
    const header =
      context?.xRayTraceId ?? (several === undefined ? process.env['_X_AMZN_TRACE_ID'] : undefined);
    const xrayTraceId = header && /\bRoot=([^;]+)/.exec(header)?.[1];
    return loggerWith({
      ...(requestId !== undefined && { requestId }),
      ...(xrayTraceId !== undefined && { xrayTraceId }),
    });
  };
}

const levels = ['TRACE', 'DEBUG', 'INFO', 'WARN', 'ERROR', 'FATAL'];

function onStdout(asked = ''): (invocation: object) => Logger {
  const place = levels.indexOf(asked.toUpperCase());
  const least = place < 0 ? levels.indexOf('INFO') : place;
  return (invocation) => ({
    debug: at('DEBUG', invocation),
    info: at('INFO', invocation),
    warn: at('WARN', invocation),
    error: at('ERROR', invocation),
  });

  function at(level: string, invocation: object): Logger['info'] {
    if (levels.indexOf(level) < least) return () => undefined;
    return (fields, message) => {
      const own = { timestamp: new Date().toISOString(), level, ...invocation, message };
      // They come first, and nothing that a caller adds takes their place: Lambda reads them.
      process.stdout.write(`${jsonLine({ ...own, ...fields, ...own })}\n`);
    };
  }
}
