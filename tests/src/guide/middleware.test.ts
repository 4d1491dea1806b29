import {
  createRouter,
  exponentialBackoff,
  type HandlerCall,
  logging,
  type Metrics,
  type Middleware,
  metrics,
  type Outcome,
  retry,
  retryLater,
  route,
  skipped,
  table,
  timeout,
} from '@sluice/core';
import { openTelemetryMetrics, tracing } from '@sluice/core/opentelemetry';
import { given, recordsOf } from '@sluice/testing';
import { ConsecutiveBreaker, circuitBreaker, handleWhenResult, isBrokenCircuitError } from 'cockatiel';
import { describe, expect, it, onTestFinished, vi } from 'vitest';

/** The regions of this file are the snippets of `docs/middleware.md` and of others that speak of middleware. */

const shop = table('shop', { keys: { partition: 'pk' } });
const records = recordsOf(shop);
const order = { pk: 'ORDER#7' };
const quiet = () => undefined;

describe('middleware', () => {
  it('that is built in stands around calls of each level', async () => {
    let calls = 0;
    const placed = route.insert(shop, { id: 'placed' }, () => {
      if (++calls < 3) throw new Error('not yet');
    });
    // #region built-in
    const router = createRouter({
      routes: [placed],
      middleware: {
        batch: [tracing(), metrics(openTelemetryMetrics())],
        handler: [
          tracing(),
          metrics(openTelemetryMetrics()),
          logging(),
          retry({
            attempts: 3,
            backoff: exponentialBackoff({ initialMs: 50, maxMs: 1000 }),
            budgetMs: 5000,
          }),
          timeout({ afterMs: 2000 }),
        ],
      },
    });
    // #endregion
    const { firstUnfinished } = await given({ ...router, random: () => 0 }).when(records.insert(order));
    expect({ calls, firstUnfinished }).toEqual({ calls: 3, firstUnfinished: undefined });
  });

  it('of your own is a function', async () => {
    const lines: string[] = [];
    // #region own
    const audit: Middleware<HandlerCall> = async ({ context, change }, next) => {
      const outcome = await next();
      lines.push(`${context.handlerId} ${change.eventName}: ${outcome.kind}`);
      return outcome;
    };

    const router = createRouter({
      routes: [route.insert(shop, { id: 'placed' }, () => skipped('a test order'))],
      middleware: { handler: [audit] },
    });
    // #endregion
    await given(router).when(records.insert(order));
    expect(lines).toEqual(['placed INSERT: skipped']);
  });

  it('hands values to a port of metrics', async () => {
    const printed: string[] = [];
    const console = { log: (line: string) => void printed.push(line) };
    // #region port
    const lines: Metrics = {
      measure: (metric, value, attributes) => console.log(JSON.stringify({ metric, value, ...attributes })),
    };
    // #endregion
    const router = createRouter({
      routes: [route.insert(shop, { id: 'placed' }, quiet)],
      middleware: { handler: [metrics(lines)] },
    });
    await given(router).when(records.insert(order));
    expect(printed[0]).toBe(
      '{"metric":"sluice.handler.calls","value":1,"table":"shop","outcome":"handled","handlerId":"placed"}',
    );
  });
});

describe('a circuit breaker', () => {
  it('stops calls to what is failing, leaves its records for later, and tries it again after a while', async () => {
    vi.useFakeTimers({ toFake: ['Date'] });
    onTestFinished(() => void vi.useRealTimers());
    let isDown = true;
    let calls = 0;
    const send = () => {
      calls++;
      if (isDown) throw new Error('503');
    };
    // #region breaker
    const mailService = circuitBreaker(
      handleWhenResult((outcome) => (outcome as Outcome).kind === 'failed'),
      { breaker: new ConsecutiveBreaker(5), halfOpenAfter: 10_000 },
    );

    const whileMailWorks: Middleware<HandlerCall> = async (_call, next) => {
      try {
        return await mailService.execute(() => next());
      } catch (error) {
        if (!isBrokenCircuitError(error)) throw error;
        return retryLater('the mail service is failing', { afterMs: 10_000 });
      }
    };
    // #endregion
    const mail = route.insert(shop, { id: 'mail' }, send);
    const router = createRouter({ routes: [mail], middleware: { handler: [whileMailWorks] } });
    const deliver = async () => {
      const { calls: seen } = await given(router).when(records.insert(order));
      return seen.map(({ outcome }) => outcome.kind);
    };

    for (let failure = 1; failure <= 5; failure++) expect(await deliver()).toEqual(['failed']);
    expect(await deliver()).toEqual(['retryLater']);
    expect(calls).toBe(5);

    isDown = false;
    expect(await deliver()).toEqual(['retryLater']);
    vi.advanceTimersByTime(10_000);
    expect(await deliver()).toEqual(['handled']);
    expect(await deliver()).toEqual(['handled']);
    expect(calls).toBe(7);
  });
});
