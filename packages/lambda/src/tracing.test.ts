import { context, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import {
  BasicTracerProvider,
  InMemorySpanExporter,
  SimpleSpanProcessor,
} from '@opentelemetry/sdk-trace-base';
import { createRouter, type Order, route, table } from '@sluice/core';
import { tracing } from '@sluice/core/opentelemetry';
import { lambdaEvent, recordsOf, virtualClock } from '@sluice/testing';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { lambda } from './index.js';

const quiet = () => undefined;
const silent = { debug: quiet, info: quiet, warn: quiet, error: quiet };
const shop = table('shop', { keys: { partition: 'pk' } });

beforeEach(() => void context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable()));
afterEach(() => context.disable());

it.each<Order>(['strict', 'lanes'])(
  'spans are children of the span in which the handler was called, also where invocations go on at the same time: %s',
  async (order) => {
    const exporter = new InMemorySpanExporter();
    const provider = new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] });
    const tracer = provider.getTracer('test');
    const clock = virtualClock();
    const seen: string[] = [];
    const router = createRouter({
      logger: silent,
      clock,
      order,
      middleware: {
        batch: [tracing({ tracer })],
        record: [tracing({ tracer })],
        handler: [tracing({ tracer })],
      },
      routes: [
        route.insert(shop, { id: 'mail' }, async ({ new: item }) => {
          await clock.sleep(Number(item['waitMs']));
          seen.push(`${item['pk']} in ${trace.getActiveSpan()?.spanContext().traceId}`);
        }),
      ],
    });
    const handler = lambda(router, {
      flush: () => seen.push(`flush in ${trace.getActiveSpan()?.spanContext().traceId}`),
    });
    const builder = recordsOf(shop);
    const invocations = ['A', 'B'].map((pk, index) =>
      tracer.startActiveSpan(`invocation ${pk}`, async (span) => {
        const records = [1, 2].map((times) => builder.insert({ pk, waitMs: 30 * times - 20 * index }));
        await handler(lambdaEvent(records));
        span.end();
        return span.spanContext().traceId;
      }),
    );
    const traceIds = await clock.run(Promise.all(invocations));

    const spans = exporter.getFinishedSpans();
    const nameOf = (spanId: string | undefined) =>
      spans.find((span) => span.spanContext().spanId === spanId)?.name ?? 'none';
    const linesOf = (traceId: string | undefined) =>
      spans
        .filter((span) => span.spanContext().traceId === traceId)
        .map(({ name, parentSpanContext }) => `${name} in ${nameOf(parentSpanContext?.spanId)}`)
        .toSorted();
    for (const [index, pk] of ['A', 'B'].entries()) {
      expect(linesOf(traceIds[index])).toEqual([
        `invocation ${pk} in none`,
        'mail in process shop',
        'mail in process shop',
        `process shop in invocation ${pk}`,
        'process shop in process shop',
        'process shop in process shop',
      ]);
      expect(seen).toContain(`flush in ${traceIds[index]}`);
      expect(seen.filter((line) => line === `${pk} in ${traceIds[index]}`)).toHaveLength(2);
    }
  },
);
