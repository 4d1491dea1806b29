import { createDrain, createRouter, type Ledger, route, type StreamRecord, table } from '@sluice/core';
import { memoryStore } from '@sluice/store';
import { recordsOf, type VirtualClock, virtualClock } from '@sluice/testing';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createLedger } from './ledger.js';
import { contextOn, listening, scopeOf } from './testing/delivery.js';

fc.configureGlobal({ seed: 20_260_101 });

const shop = table('shop', { keys: { partition: 'pk' } });

/** Delivers, each time to a fresh process, until nothing is unfinished, as Lambda does. */
async function deliverUntilDone(
  ledger: Ledger,
  clock: VirtualClock,
  records: readonly StreamRecord[],
  work: (handlerId: string, record: StreamRecord) => void,
): Promise<number> {
  const handler = (id: string) =>
    route.on(shop, { id }, async ({ record }) => {
      await clock.sleep(1);
      work(id, record);
    });
  const router = createRouter({
    name: 'shop-mail',
    routes: [handler('mail'), handler('audit')],
    clock,
    logger: listening([]),
  });
  let left = records;
  for (let deliveries = 1; deliveries <= 50; deliveries++) {
    const { recall, keep } = await ledger.open(left, scopeOf(left, contextOn(clock)));
    const drain = createDrain(router, { order: 'lanes', afterFailure: { kind: 'stop' }, recall });
    drain.offer(left);
    await drain.until(0);
    const first = drain.remaining()[0]?.record;
    await keep(drain.progress(), first === undefined, clock.now() + 1_000);
    if (first === undefined) return deliveries;
    left = left.slice(left.indexOf(first));
  }
  throw new Error('It never ends.');
}

test('failures and fresh processes repeat nothing, lose nothing and keep the order of each item, for any failures', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.constantFrom('A', 'B', 'C', 'D'), { minLength: 1, maxLength: 12 }),
      fc.array(fc.nat({ max: 5 }), { maxLength: 60 }),
      async (items, dice) => {
        const clock = virtualClock();
        const records = recordsOf(shop);
        const batch = items.map((pk) => records.insert({ pk }));
        const ran: { readonly what: string; readonly lane: string; readonly place: number }[] = [];
        const store = memoryStore();
        await clock.run(
          deliverUntilDone(createLedger(store), clock, batch, (id, record) => {
            if (dice.shift() === 0) throw new Error('scripted');
            const place = batch.indexOf(record);
            ran.push({ what: `${id} ${place}`, lane: `${id} ${items[place]}`, place });
          }),
        );
        expect(new Set(ran.map(({ what }) => what)).size).toBe(ran.length);
        expect(ran).toHaveLength(items.length * 2);
        for (const [, ofLane] of Map.groupBy(ran, ({ lane }) => lane)) {
          expect(ofLane.map(({ place }) => place)).toEqual(
            ofLane.map(({ place }) => place).sort((a, b) => a - b),
          );
        }
        expect(await store.list(`shop-mail|${records.streamArn}`, '', 10)).toEqual([]);
      },
    ),
    { numRuns: 60 },
  );
});
