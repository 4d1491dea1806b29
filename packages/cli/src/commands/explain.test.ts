import { join } from 'node:path';
import { createRouter, route, table } from '@sluice/core';
import { recordsOf } from '@sluice/testing';
import { describe, expect, it } from 'vitest';
import { ran } from '../testing/world.js';

const router = ['--router', join(import.meta.dirname, '../testing/shop.ts')];
const shop = recordsOf({ table: 'shop', keys: { partition: 'pk', sort: 'sk' } });
const order = { pk: 'USER#jo', sk: 'ORDER#7', status: 'PENDING' };
const paid = shop.modify(order, { ...order, status: 'PAID' });

describe('explain', () => {
  it('tells of a record which routes would run, and the test that decides', async () => {
    const { code, stdout } = await ran(['explain', '-', ...router], { stdin: JSON.stringify(paid) });
    expect(code).toBe(0);
    expect(stdout.split('\n')).toEqual([
      `MODIFY of shop, sequence number ${paid.dynamodb.SequenceNumber}`,
      '  receipt  runs  status changed from "PENDING" to "PAID"',
      '  audit    runs  everything',
      '',
    ]);
  });

  it('tells it of each record of an event, in colours or as data', async () => {
    const lost = shop.modify(order, { ...order, status: 'LOST' });
    const stdin = JSON.stringify({ Records: [paid, lost] });
    const coloured = await ran(['explain', '-', ...router], { stdin, colours: true });
    expect(coloured.stdout).toContain(
      '  receipt  <dim>no match</dim>  not so: status changed from "PENDING" to "PAID"',
    );
    expect(coloured.stdout).toContain('  audit    <green>runs</green>      everything');
    const data = await ran(['explain', '-', '--json', ...router], { stdin });
    expect(JSON.parse(data.stdout)).toEqual([
      {
        eventName: 'MODIFY',
        table: 'shop',
        sequenceNumber: paid.dynamodb.SequenceNumber,
        routes: [
          { routeId: 'receipt', verdict: 'runs', because: 'status changed from "PENDING" to "PAID"' },
          { routeId: 'audit', verdict: 'runs', because: 'everything' },
        ],
      },
      expect.objectContaining({
        routes: [
          expect.objectContaining({ verdict: 'no match' }),
          expect.objectContaining({ verdict: 'runs' }),
        ],
      }),
    ]);
  });

  it('counts the routes of other tables, and names them in its data', async () => {
    const carts = table('carts', { keys: { partition: 'pk' } });
    const audit = table('shop', { keys: { partition: 'pk', sort: 'sk' } });
    const given = {
      stdin: JSON.stringify(paid),
      loadModule: async () => ({
        router: createRouter({
          routes: [route.on(carts, { id: 'cart' }, () => {}), route.on(audit, { id: 'audit' }, () => {})],
        }),
      }),
    };
    const { stdout } = await ran(['explain', '-', ...router], given);
    expect(stdout.split('\n').slice(1)).toEqual([
      '  audit  runs  everything',
      '  1 route is of another table',
      '',
    ]);
    const data = await ran(['explain', '-', '--json', ...router], given);
    expect(JSON.parse(data.stdout)[0].routes).toMatchObject([{ routeId: 'cart' }, { routeId: 'audit' }]);
  });

  it('says so where there is no record, as on many pages of get-records', async () => {
    const stdin = '{ "Records": [], "NextShardIterator": "x" }';
    expect(await ran(['explain', '-', ...router], { stdin })).toMatchObject({
      code: 0,
      stdout: 'no records\n',
    });
    expect(await ran(['explain', '-', '--json', ...router], { stdin })).toMatchObject({ stdout: '[]\n' });
  });

  it('ends with 1 for a record that would be refused, or that a filter cannot judge', async () => {
    const stranger = recordsOf({ table: 'carts', keys: { partition: 'pk' } }).insert({ pk: 'a' });
    const refused = await ran(['explain', '-', ...router], { stdin: JSON.stringify(stranger) });
    expect(refused.code).toBe(1);
    expect(refused.stdout).toContain('refused: no route names the table carts');
    const { OldImage: _, ...rest } = paid.dynamodb;
    const unjudged = await ran(['explain', '-', ...router], {
      stdin: JSON.stringify({ ...paid, dynamodb: rest }),
    });
    expect(unjudged.code).toBe(1);
    expect(unjudged.stdout).toMatch(/receipt {2}unjudged {2}.*reads OldImage/);
  });

  it('never shows item data', async () => {
    const secret = shop.insert({ ...order, card: 'secret-4242' });
    for (const flags of [[], ['--json']]) {
      const { stdout } = await ran(['explain', '-', ...flags, ...router], { stdin: JSON.stringify(secret) });
      expect(stdout).not.toMatch(/secret|USER#jo/);
    }
  });
});
