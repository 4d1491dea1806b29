import {
  type Attributes,
  SpanKind,
  type SpanOptions,
  SpanStatusCode,
  type Tracer,
  trace,
} from '@opentelemetry/api';
import type { AnyMiddleware } from './chain.js';
import { errorTypeOf, type Subject, subjectOf } from './watching.js';

/**
 * A span for each call that it stands around, active while the call runs, so that what handlers do is inside of it. Spans of
 * batches and records follow OpenTelemetry's conventions for messaging, `process shop` of kind CONSUMER; those of handlers are called
 * by their ids. What failed or was given up has the status ERROR and an `error.type`. Nothing of an item or its keys is in
 * a span, and no message of an error, which may quote them.
 * Source: https://opentelemetry.io/docs/specs/semconv/messaging/messaging-spans/
 *
 * @param options.tracer that of the global provider by default, also where the provider is registered later
 */
export function tracing({
  tracer = trace.getTracer('@sluice/core'),
}: {
  readonly tracer?: Tracer;
} = {}): AnyMiddleware {
  return (call, next) => {
    const { name, ...options } = spanOf(subjectOf(call));
    return tracer.startActiveSpan(name, options, async (span) => {
      const outcome = await next();
      span.setAttribute('sluice.outcome', outcome.kind);
      const errorType = errorTypeOf(outcome);
      if (errorType !== undefined) span.setAttribute('error.type', errorType);
      if (outcome.kind === 'failed' || outcome.kind === 'neverAgain') {
        span.setStatus({ code: SpanStatusCode.ERROR });
      }
      span.end();
      return outcome;
    });
  };
}

function spanOf(subject: Subject): SpanOptions & { readonly name: string } {
  const { table, sequenceNumber, eventName, handlerId, attempt, records } = subject;
  const attributes: Attributes = {
    'messaging.system': 'aws_dynamodb_streams',
    'messaging.destination.name': table,
    ...(sequenceNumber !== undefined && { 'messaging.message.id': sequenceNumber }),
    ...(records !== undefined && { 'messaging.batch.message_count': records }),
    ...(eventName !== undefined && { 'sluice.event_name': eventName }),
  };
  if (handlerId !== undefined) {
    Object.assign(attributes, { 'sluice.handler.id': handlerId, 'sluice.attempt': attempt });
    return { name: handlerId, kind: SpanKind.INTERNAL, attributes };
  }
  Object.assign(attributes, { 'messaging.operation.name': 'process', 'messaging.operation.type': 'process' });
  return { name: `process ${table}`, kind: SpanKind.CONSUMER, attributes };
}
