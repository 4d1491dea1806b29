import type { AttributeMap } from '@sluice/core';
import { describe, expect, it } from 'vitest';
import { type ParkedChange, parkedChanges } from './parked-changes.js';
import { staleByItem } from './stale-by-item.js';
import { parkedWorld, routerName } from './testing/parked.js';

async function parkedOf(eventName: 'INSERT' | 'REMOVE', NewImage?: AttributeMap): Promise<ParkedChange> {
  const world = parkedWorld('A');
  const { record } = world.failure(0);
  const { NewImage: _, ...rest } = record.dynamodb;
  await world.park(0, 'item', {
    record: { ...record, eventName, dynamodb: { ...rest, ...(NewImage && { NewImage }) } },
  });
  const parked = await parkedChanges(world.store, routerName, world).get(world.id(0));
  if (!parked) throw new Error('It was parked just now.');
  return parked;
}

const image: AttributeMap = {
  pk: { S: 'A' },
  tags: { SS: ['x', 'y'] },
  numbers: { NS: ['1', '2'] },
  bytes: { BS: ['AQ==', 'Ag=='] },
  inner: { M: { list: { L: [{ SS: ['p', 'q'] }, { N: '1' }] } } },
};

describe('a parked change', () => {
  it.each<[string, AttributeMap | undefined, boolean]>([
    ['the item is as the change made it', image, false],
    [
      'attributes and members of sets come in another order',
      {
        inner: { M: { list: { L: [{ SS: ['q', 'p'] }, { N: '1' }] } } },
        bytes: { BS: ['Ag==', 'AQ=='] },
        numbers: { NS: ['2', '1'] },
        tags: { SS: ['y', 'x'] },
        pk: { S: 'A' },
      },
      false,
    ],
    ['an attribute is another', { ...image, pk: { S: 'B' } }, true],
    [
      'a list is in another order',
      { ...image, inner: { M: { list: { L: [{ N: '1' }, { SS: ['p', 'q'] }] } } } },
      true,
    ],
    ['an attribute has come', { ...image, more: { BOOL: true } }, true],
    ['the item is gone', undefined, true],
  ])('when %s', async (_when, current, stale) => {
    expect(await staleByItem(async () => current)(await parkedOf('INSERT', image))).toBe(stale);
  });

  it('that removed its item is stale when there is one again', async () => {
    const removed = await parkedOf('REMOVE');
    expect(await staleByItem(async () => undefined)(removed)).toBe(false);
    expect(await staleByItem(async () => image)(removed)).toBe(true);
  });

  it('without the image cannot be judged', async () => {
    const parked = await parkedOf('INSERT');
    await expect(staleByItem(async () => image)(parked)).rejects.toThrow('this INSERT record has none');
  });
});
