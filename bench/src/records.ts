import { type LambdaEvent, lambdaEvent, recordsOf } from '@sluice/testing';

/** The sizes of a record as DynamoDB counts them (`SizeBytes`: keys and both images), in bytes. */
export const recordSizes = { '300 B': 300, '1 KB': 1024, '20 KB': 20_480 } as const;
export type Size = keyof typeof recordSizes;

/**
 * An event of MODIFY records in which orders are paid, as JSON text and as Lambda hands it over: parsed from that text.
 * The records belong to `count / 10` items, whose changes come in turns.
 */
export function paidOrders(count: number, size: Size = '1 KB'): { text: string; event: LambdaEvent } {
  const records = recordsOf({ table: 'shop', keys: { partition: 'pk', sort: 'sk' } });
  const items = Math.max(1, count / 10);
  const modifications = Array.from({ length: count }, (_, index) => {
    const item = order(index % items, size);
    return records.modify(item, { ...item, status: 'PAID', version: 2 });
  });
  const text = JSON.stringify(lambdaEvent(modifications));
  return { text, event: JSON.parse(text) as LambdaEvent };
}

/** Gives an event of `count` records of 1 KB with each call; the changes of each are newer than those of the one before. */
export function newOrders(count: number): () => LambdaEvent {
  const { event } = paidOrders(count);
  let sequence = BigInt(event.Records.at(-1)?.dynamodb.SequenceNumber ?? 0);
  return () => ({
    Records: event.Records.map((record) => {
      const SequenceNumber = String(++sequence);
      const eventID = sequence.toString(16).padStart(32, '0');
      return { ...record, eventID, dynamodb: { ...record.dynamodb, SequenceNumber } };
    }),
  });
}

function order(number: number, size: Size): Record<string, unknown> {
  const basis = { ...small(number), ...(size !== '300 B' && large(number, size === '20 KB' ? 100 : 2)) };
  const records = recordsOf({ table: 'shop', keys: { partition: 'pk', sort: 'sk' } });
  const bytes = records.modify(basis, basis).dynamodb.SizeBytes ?? 0;
  return {
    ...basis,
    note: 'x'.repeat(Math.max(1, Math.round((recordSizes[size] - bytes) / 2) - 'note'.length)),
  };
}

function small(number: number) {
  return {
    pk: `CUSTOMER#${number % 1000}`,
    sk: `ORDER#${number}`,
    status: 'PENDING',
    total: 12.5 + number,
    customer: 'Jo Doe',
    version: 1,
  };
}

function large(number: number, lines: number) {
  return {
    email: `jo.doe.${number}@example.com`,
    createdAt: '2026-03-03T09:30:00Z',
    updatedAt: '2026-03-03T09:30:00Z',
    currency: 'EUR',
    isGift: number % 2 === 0,
    weightGrams: 1250 + (number % 100),
    address: { street: 'Main Street 1', city: 'Wien', zip: '1010', country: 'AT' },
    lines: Array.from({ length: lines }, (_, line) => ({
      sku: `SKU-${line}`,
      name: 'A thing',
      count: line + 1,
      price: 3.5,
    })),
    tags: new Set(['new', 'web', `campaign-${number % 10}`]),
  };
}
