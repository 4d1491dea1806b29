import { consoleLogger, jsonLine, type Logger, withFields } from '@sluice/core';
import type { LambdaContext } from './invocation.js';

/**
 * The logger of one invocation: each of its lines holds the invocation's own `requestId` and, where it is traced, its `xrayTraceId`.
 * A given logger writes them in its way. Where none was given they are AWS's JSON lines, straight on stdout, since the runtime
 * would frame what goes through the console: `{"timestamp":…,"level":"WARN","requestId":…,"message":…, …fields}`, from
 * `AWS_LAMBDA_LOG_LEVEL` up, or else from INFO.
 * Source: https://docs.aws.amazon.com/lambda/latest/dg/monitoring-cloudwatchlogs-log-level.html
 */
export function loggerOf(given: Logger, context: LambdaContext | undefined): Logger {
  const requestId = context?.awsRequestId;
  const xrayTraceId = traceOf(context);
  const invocation = {
    ...(requestId !== undefined && { requestId }),
    ...(xrayTraceId !== undefined && { xrayTraceId }),
  };
  return given === consoleLogger ? onStdout(invocation) : withFields(given, invocation);
}

const levels = ['TRACE', 'DEBUG', 'INFO', 'WARN', 'ERROR', 'FATAL'];

function onStdout(invocation: object): Logger {
  const asked = levels.indexOf(process.env['AWS_LAMBDA_LOG_LEVEL']?.toUpperCase() ?? '');
  const least = asked < 0 ? levels.indexOf('INFO') : asked;
  return { debug: at('DEBUG'), info: at('INFO'), warn: at('WARN'), error: at('ERROR') };

  function at(level: string): Logger['info'] {
    if (levels.indexOf(level) < least) return () => undefined;
    return (fields, message) => {
      const own = { timestamp: new Date().toISOString(), level, ...invocation, message };
      // They come first, and nothing that a caller adds takes their place: Lambda reads them.
      process.stdout.write(`${jsonLine({ ...own, ...fields, ...own })}\n`);
    };
  }
}

/** The trace's id. The environment holds that of one invocation, and tells nothing where there may be several at a time. */
function traceOf(context: LambdaContext | undefined): string | undefined {
  const { AWS_LAMBDA_MAX_CONCURRENCY: several, _X_AMZN_TRACE_ID: only } = process.env;
  const header = context?.xRayTraceId ?? (several === undefined ? only : undefined);
  return /\bRoot=([^;]+)/.exec(header ?? '')?.[1];
}
