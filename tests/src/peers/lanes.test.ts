import { createDrain, route, type StreamViewType, table } from '@sluice/core';
import { recordsOf, virtualClock } from '@sluice/testing';
import { describe, expect, it } from 'vitest';
import { routerOf } from './setup.js';

/** What is kept in order is an item, told by its whole key: no other item waits for it, and none is taken for it. */

const keys = { partition: 'pk', sort: 'sk' } as const;

describe.each<StreamViewType>(['KEYS_ONLY', 'NEW_IMAGE', 'NEW_AND_OLD_IMAGES'])(
  'items whose keys look alike, on a stream with the view %s',
  (view) => {
    const pairs = [
      { pk: 'a#b', sk: 'c' },
      { pk: 'a', sk: 'b#c' },
      { pk: 'a', sk: 'b' },
    ];

    it('have a lane each: one that fails holds up its own later change alone', async () => {
      const clock = virtualClock();
      const startMs = clock.now();
      const [first] = pairs;
      const ran: string[] = [];
      let failures = 1;
      const shop = table('shop', { keys, view });
      const notes = route.on(shop, { id: 'notes' }, async ({ keys: { pk, sk }, eventName }) => {
        await clock.sleep(1);
        if (pk === first?.pk && sk === first?.sk && failures-- > 0) throw new Error('not now');
        ran.push(`${eventName} ${pk} ${sk} at ${clock.now() - startMs}`);
      });
      const records = recordsOf(shop);
      const drain = createDrain(routerOf([notes], { clock }), {
        afterFailure: { kind: 'retry', backoff: { delayMs: () => 1000 } },
        order: 'lanes',
      });
      drain.offer([
        ...pairs.map((pair) => records.insert(pair)),
        ...pairs.map((pair) => records.remove(pair)),
      ]);
      await clock.run(drain.until(0));
      const inOrder = (pair: { readonly pk: string; readonly sk: string }, afterMs: number) => [
        `INSERT ${pair.pk} ${pair.sk} at ${afterMs + 1}`,
        `REMOVE ${pair.pk} ${pair.sk} at ${afterMs + 2}`,
      ];
      expect(ran.toSorted()).toEqual(
        pairs.flatMap((pair) => inOrder(pair, pair === first ? 1001 : 0)).toSorted(),
      );
    });
  },
);
