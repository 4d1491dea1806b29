import { createRouter, route, table } from '@sluice/core';
import { lambda } from '@sluice/lambda';
import { lambdaEvent, recordsOf, simulateLambda, virtualClock } from '@sluice/testing';
import { describe, expect, it } from 'vitest';
import { nameOf, numberOf, reporting, routed, routerOf, shop, silent, writes } from './setup.js';

describe('one event', () => {
  it.each([1, 1000, 10_000])(
    'may have %i records: all are run in the order of their items, and after a failure none twice',
    async (size) => {
      const names = Array.from({ length: size }, (_, n) => `${String.fromCodePoint(65 + (n % 26))}${n}`);
      const records = writes(names.join(' '));
      const failing = records[Math.floor(size / 2)];
      for (const order of ['strict', 'lanes'] as const) {
        const ran: string[] = [];
        let failures = 1;
        const noted = route.insert(shop, { id: 'note' }, ({ record }) => {
          if (record.dynamodb.SequenceNumber === numberOf(failing) && failures-- > 0) throw new Error('no');
          ran.push(nameOf(record));
        });
        const startedMs = cpuMs();
        const { report, batches } = await routed(records, [noted], { batchSize: 10_000 }, { order });
        expect(cpuMs() - startedMs).toBeLessThan(2000); // of this process, whatever else the machine is at
        expect(batches).toHaveLength(2);
        expect(report).toMatchObject({ status: 'done', discarded: [] });
        expect(report.invocations[0]?.response).toEqual(reporting(failing));
        const byItem = (all: readonly string[]) => Map.groupBy(all, (name) => name.charAt(0));
        expect(byItem(ran)).toEqual(byItem(names));
        if (order === 'strict') expect(ran).toEqual(names);
      }
    },
  );
});

function cpuMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

describe('one function behind the mappings of two streams', () => {
  const cart = table('cart', { keys: { partition: 'pk' } });
  const streams = { shop: writes('A1 B1 A2', 'shop'), cart: writes('A1 B1 A2', 'cart') };

  /** Each record takes 10 ms, and fails as often as it says, by the table and the name. */
  function running(failures: Record<string, number>) {
    const clock = virtualClock();
    const ran: string[] = [];
    const routes = [shop, cart].map((of) =>
      route.insert(of, { id: of.name }, async ({ record }, { attempt }) => {
        await clock.sleep(10);
        const name = `${of.name} ${nameOf(record)}`;
        const left = failures[name] ?? 0;
        failures[name] = left - 1;
        if (left > 0) throw new Error('not yet');
        ran.push(`${name} at attempt ${attempt}`);
      }),
    );
    return { clock, ran, handler: lambda(routerOf(routes, { clock })) };
  }

  it('has events of them by turns, of the same items with the same numbers, and takes none for another', async () => {
    const { clock, ran, handler } = running({ 'shop B1': 2, 'cart A2': 1 });
    const deliver = (stream: keyof typeof streams, from: number) =>
      clock.run(handler(lambdaEvent(streams[stream].slice(from))));
    expect(streams.shop.map(numberOf)).toEqual(streams.cart.map(numberOf));
    expect([await deliver('shop', 0), await deliver('cart', 0)]).toEqual([
      reporting(streams.shop[1]),
      reporting(streams.cart[2]),
    ]);
    expect([await deliver('shop', 1), await deliver('cart', 2)]).toEqual([
      reporting(streams.shop[1]),
      reporting(),
    ]);
    expect(await deliver('shop', 1)).toEqual(reporting());
    expect(ran).toEqual([
      ...['shop A1 at attempt 1', 'cart A1 at attempt 1', 'cart B1 at attempt 1', 'cart A2 at attempt 2'],
      ...['shop B1 at attempt 3', 'shop A2 at attempt 1'],
    ]);
  });

  it('has events of both at the same time, and each stream goes on as it would alone', async () => {
    const failures = () => ({ 'shop B1': 2, 'cart A2': 1, 'cart B1': 1 });
    const mapping = (stream: keyof typeof streams, { clock, handler }: ReturnType<typeof running>) =>
      simulateLambda({ records: streams[stream], handler, clock, batchSize: 2, retryDelayMs: 5 });
    const alone = { shop: running(failures()), cart: running(failures()) };
    const reports = [
      await alone.shop.clock.run(mapping('shop', alone.shop)),
      await alone.cart.clock.run(mapping('cart', alone.cart)),
    ];
    const both = running(failures());
    const together = await both.clock.run(Promise.all([mapping('shop', both), mapping('cart', both)]));
    expect(together).toEqual(reports);
    expect(both.ran.toSorted()).toEqual([...alone.shop.ran, ...alone.cart.ran].toSorted());
    expect(together.flatMap(({ status }) => status)).toEqual(['done', 'done']);
    const [ofShop, ofCart] = together.map(({ invocations }) => invocations[0]);
    expect(ofShop?.startedMs).toBe(ofCart?.startedMs);
  });

  it('refuses an event that has records of both', async () => {
    const { clock, ran, handler } = running({});
    const mixed = lambdaEvent([...streams.shop, ...streams.cart]);
    await expect(clock.run(handler(mixed))).rejects.toMatchObject({ code: 'MALFORMED_RECORD' });
    expect(ran).toEqual([]);
  });
});

it("an account's streams of one table in two regions are two streams", async () => {
  const regions = ['us-east-1', 'eu-west-1'].map((region) =>
    recordsOf({ table: 'shop', keys: { partition: 'pk' }, region }).insert({ pk: 'A', name: region }),
  );
  const ran: string[] = [];
  const noted = route.insert(shop, { id: 'note' }, ({ record }) => void ran.push(nameOf(record)));
  const handler = lambda(createRouter({ routes: [noted], logger: silent }));
  for (const record of regions) expect(await handler(lambdaEvent([record]))).toEqual(reporting());
  expect(ran).toEqual(['us-east-1', 'eu-west-1']);
});
