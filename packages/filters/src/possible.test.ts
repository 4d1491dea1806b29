import { describe, expect, it } from 'vitest';
import {
  type AnyFilter,
  absent,
  all,
  any,
  canPass,
  decimal,
  type EventName,
  type FilterNode,
  not,
  streamRegion,
  table,
  value,
  where,
} from './index.js';

const shop = table('shop', { keys: { partition: 'pk' } });
const status = shop.attr('status');

describe('a filter that no record of an event can pass', () => {
  it.each<[string, AnyFilter | FilterNode, EventName, boolean]>([
    ['from a value, on INSERT', status.from('A'), 'INSERT', false],
    ['from absent, on INSERT', status.from(absent), 'INSERT', true],
    ['to a value, on INSERT', status.to('A'), 'INSERT', true],
    ['to absent, on INSERT', status.to(absent), 'INSERT', false],
    ['to a value, on REMOVE', status.to('A'), 'REMOVE', false],
    ['from a value, on REMOVE', status.from('A'), 'REMOVE', true],
    ['from a value to the same, on MODIFY', status.from('A').to('A'), 'MODIFY', false],
    ['from a value to another, on MODIFY', status.from('A').to('B'), 'MODIFY', true],
    ['from a value to either, on MODIFY', status.from('A').to('A', 'B'), 'MODIFY', true],
    ['appeared, on REMOVE', status.appeared(), 'REMOVE', false],
    ['disappeared, on INSERT', status.disappeared(), 'INSERT', false],
    ['from a test, on INSERT', status.from(value.startsWith('A')), 'INSERT', false],
    ['from a test or absent, on INSERT', status.from(value.startsWith('A'), absent), 'INSERT', true],
    ['to a test, on REMOVE', status.to(value.exists()), 'REMOVE', false],
    ['to a test or absent, on REMOVE', status.to(value.exists(), absent), 'REMOVE', true],
    ['from absent to absent, on MODIFY', status.from(absent).to(absent), 'MODIFY', false],
    ["from the stream's Region to it", status.from(streamRegion).to(streamRegion), 'MODIFY', false],
    ["from the stream's Region to another", status.from(streamRegion).to('x'), 'MODIFY', true],
    [
      'from a set to the same in another order',
      status.from(new Set([1, 2])).to(new Set([2, 1])),
      'MODIFY',
      false,
    ],
    ['from a number to the same one', status.from(1).to(decimal('1.0')), 'MODIFY', false],
    ['nulled, on REMOVE', status.nulled(), 'REMOVE', false],
    ['typeChanged, on INSERT', status.typeChanged(), 'INSERT', false],
    ['increased, on INSERT', status.increased(), 'INSERT', false],
    ['crossed, on REMOVE', status.crossed(1), 'REMOVE', false],
    ['crossed, on MODIFY', status.crossed(1), 'MODIFY', true],
    ['added, on INSERT', status.added('x'), 'INSERT', true],
    ['added, on REMOVE', status.added(), 'REMOVE', false],
    ['removed, on INSERT', status.removed(), 'INSERT', false],
    ['removed, on REMOVE', status.removed('x'), 'REMOVE', true],
    ['unchanged, on INSERT', status.unchanged(), 'INSERT', true],
    ['where, on any', where('it', () => false), 'REMOVE', true],
    ['any of nothing', any(), 'MODIFY', false],
    ['all of nothing', all(), 'MODIFY', true],
    ['all, one of them impossible', all(status.is('A'), status.to('A')), 'REMOVE', false],
    ['any, one of them possible', any(status.is('A'), status.to('A')), 'REMOVE', true],
    ['not of anything', not(status.to('A')), 'REMOVE', true],
    ['of another event', { kind: 'eventName', names: ['INSERT'] }, 'MODIFY', false],
    ['of who removed it, on MODIFY', { kind: 'removedBy', by: 'ttl' }, 'MODIFY', false],
  ])('is told: %s', (_name, filter, eventName, possible) => {
    expect(canPass(filter, eventName)).toBe(possible);
  });
});
