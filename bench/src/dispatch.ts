import { unmarshall } from '@aws-sdk/util-dynamodb';
import { createRouter, route, type StreamRecord, table } from '@sluice/core';
import { lambda } from '@sluice/lambda';
import { lambdaEvent, recordsOf } from '@sluice/testing';
import { Bench } from 'tinybench';

/**
 * What routing costs beside what nobody can avoid (`JSON.parse` of the event) and beside a handler written by hand:
 * a filter on the raw record, `unmarshall` of both images, a call. One run, so that the ratios mean something on a
 * noisy machine. Run it with `npm run bench`.
 */
const event = lambdaEvent(modifications(1000));
const text = JSON.stringify(event);
const kilobytes = text.length / event.Records.length / 1024;
let sum = 0;

const shop = table('shop', { keys: { partition: 'pk', sort: 'sk' } });
const paid = shop.attr('status').from('PENDING').to('PAID');
const noop = lambda(
  createRouter({ routes: [route.modify(shop, { id: 'noop', when: paid }, () => undefined)] }),
);
const unmatched = lambda(
  createRouter({
    routes: [route.modify(shop, { id: 'never', when: shop.attr('status').to('LOST') }, () => undefined)],
  }),
);
const reading = lambda(
  createRouter({
    routes: [
      route.modify(shop, { id: 'reading', when: paid }, ({ new: item }) => {
        sum += Number(item['total']) + String(item['status']).length + String(item['customer']).length;
      }),
    ],
  }),
);

const bench = new Bench({ time: 2000, warmupTime: 500 })
  .add('JSON.parse of the event', () => void JSON.parse(text))
  .add('no record matches', async () => void (await unmatched(event)))
  .add('every record to a handler that reads nothing', async () => void (await noop(event)))
  .add('every record to a handler that reads three attributes', async () => void (await reading(event)))
  .add('by hand: filter, unmarshall both images, call', () => {
    for (const record of event.Records) byHand(record);
  });
await bench.run();

const rows = bench.tasks.map(({ name, result }) => ({
  name,
  ms: 'latency' in result ? result.latency.p50 : Number.NaN,
}));
const parse = rows[0]?.ms ?? Number.NaN;
console.log(`1000 MODIFY records of ${kilobytes.toFixed(1)} KB, median; run ended with ${sum > 0}`);
for (const { name, ms } of rows) {
  console.log(
    `${name.padEnd(55)} ${ms.toFixed(2).padStart(7)} ms  ${(ms / parse).toFixed(2).padStart(5)} × JSON.parse`,
  );
}

function byHand({ eventName, dynamodb: { OldImage, NewImage } }: StreamRecord): void {
  const statusOf = (image: StreamRecord['dynamodb']['NewImage']) => {
    const status = image?.['status'];
    return status && 'S' in status ? status.S : undefined;
  };
  if (eventName !== 'MODIFY' || statusOf(OldImage) !== 'PENDING' || statusOf(NewImage) !== 'PAID') return;
  // The SDK's types are of its own attribute values, which differ from Lambda's for binary only.
  const [old, item] = [OldImage, NewImage].map((image) =>
    unmarshall(image as Parameters<typeof unmarshall>[0]),
  );
  sum += Number(item?.['total']) + String(old?.['status']).length + String(item?.['customer']).length;
}

function modifications(count: number): readonly StreamRecord[] {
  const records = recordsOf({ table: 'shop', keys: { partition: 'pk', sort: 'sk' } });
  return Array.from({ length: count }, (_, index) => {
    const item = {
      pk: `CUSTOMER#${index % 100}`,
      sk: `ORDER#${index}`,
      status: 'PENDING',
      total: 12.5 + index,
      customer: 'Jo Doe',
      note: 'x'.repeat(120),
      lines: [
        { sku: 'A-1', count: 2 },
        { sku: 'B-2', count: 1 },
      ],
    };
    return records.modify(item, { ...item, status: 'PAID' });
  });
}
