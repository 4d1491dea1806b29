import { describe, expect, test } from 'vitest';
import { scenario } from './testing/scenario.js';

describe('the poller', () => {
  test('hands every record of every shard to the router', async () => {
    const { clock, shop, handled, written, begin } = scenario({ table: { shards: 4 } });
    for (let n = 0; n < 50; n++) shop.put({ pk: `user-${n}`, n });
    const polling = begin();
    await clock.advance(1_000);
    for (let n = 0; n < 50; n++) shop.put({ pk: `user-${n}`, n: n + 1 });
    await clock.advance(2_000);
    await polling.stop();
    expect(handled.toSorted()).toEqual(written());
  });
});
