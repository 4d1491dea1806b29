import { appendFileSync, existsSync, readFileSync } from 'node:fs';
import { type Context, createRouter, route, type StreamRecord, table } from '@sluice/core';
import { lambda } from '@sluice/lambda';
import { createLedger } from '@sluice/ledger';
import { dynamoDbStore } from '@sluice/store/dynamodb';

/**
 * A function of two handlers that write what they do into a file, and before their effect come to the end that an item's attribute
 * `trouble` names, as often as `times` says. Where a table for it is named it has a ledger.
 */
const { SHOP_TABLE = '', LEDGER_TABLE, JOURNAL = '' } = process.env;
const shop = table(SHOP_TABLE, { keys: { partition: 'pk' } });

const mail = route.on(shop, { id: 'mail' }, async ({ record }, context) => {
  const { trouble, times } = record.dynamodb.NewImage ?? {};
  const isTroubled = timesTold('try', record) < Number(times && 'N' in times ? times.N : 0);
  const kind = trouble && 'S' in trouble ? trouble.S : '';
  tell('try', record, context);
  if (isTroubled && kind === 'fail') throw new Error('told to fail');
  if (isTroubled && kind === 'exit before') process.exit(7);
  tell('effect', record, context);
  if (isTroubled && kind === 'exit after') process.exit(7);
});
const audit = route.on(shop, { id: 'audit' }, ({ record }, context) => tell('effect', record, context));

export const handler = lambda(
  createRouter({
    name: 'shop',
    routes: [mail, audit],
    ...(LEDGER_TABLE !== undefined && { ledger: createLedger(dynamoDbStore({ tableName: LEDGER_TABLE })) }),
  }),
);

function tell(kind: string, { dynamodb }: StreamRecord, { handlerId }: Context): void {
  const line = { kind, handlerId, sequenceNumber: dynamodb.SequenceNumber };
  appendFileSync(JOURNAL, `${JSON.stringify(line)}\n`);
}

function timesTold(kind: string, { dynamodb }: StreamRecord): number {
  const lines = existsSync(JOURNAL) ? readFileSync(JOURNAL, 'utf8').split('\n') : [];
  return lines.filter((line) => line.includes(`"${kind}"`) && line.includes(`"${dynamodb.SequenceNumber}"`))
    .length;
}
