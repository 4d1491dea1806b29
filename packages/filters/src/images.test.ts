import { describe, expect, it } from 'vitest';
import {
  type AnyFilter,
  all,
  any,
  type EventName,
  type FilterNode,
  type Image,
  imagesCarried,
  imagesRead,
  keyFilter,
  modelFilter,
  not,
  removedBy,
  type StreamViewType,
  streamRegion,
  table,
  value,
  where,
} from './index.js';

const keys = { partition: 'pk' } as const;
const shop = table('shop', { keys });
const status = shop.attr('status');
const events: readonly EventName[] = ['INSERT', 'MODIFY', 'REMOVE'];
const none: readonly Image[] = [];

describe('the images that records carry', () => {
  it.each<[StreamViewType, readonly Image[], readonly Image[], readonly Image[]]>([
    ['KEYS_ONLY', none, none, none],
    ['NEW_IMAGE', ['NewImage'], ['NewImage'], none],
    ['OLD_IMAGE', none, ['OldImage'], ['OldImage']],
    ['NEW_AND_OLD_IMAGES', ['NewImage'], ['NewImage', 'OldImage'], ['OldImage']],
  ])('under %s: INSERT %j, MODIFY %j, REMOVE %j', (view, ...expected) => {
    expect(events.map((event) => [...imagesCarried(view, event)].sort())).toEqual(expected);
  });
});

describe('the images that a filter reads', () => {
  const both = [['NewImage'], ['NewImage', 'OldImage'], ['OldImage']] as const;
  const subject = [['NewImage'], ['NewImage'], ['OldImage']] as const;
  const nothing = [none, none, none] as const;

  it.each<[string, AnyFilter | FilterNode, readonly (readonly Image[])[]]>([
    ['is', status.is('PAID'), subject],
    ['changed', status.changed(), both],
    ['from', status.from('PAID'), both],
    ['to', status.to('PAID'), both],
    ['appeared', status.appeared(), both],
    ['disappeared', status.disappeared(), both],
    ['table', { kind: 'table', name: 'shop' }, nothing],
    ['eventName', { kind: 'eventName', names: ['INSERT'] }, nothing],
    ['is with tests', status.is(value.size(3), streamRegion), subject],
    ['a test of the value', status.matches(/x/), subject],
    ['unchanged', status.unchanged(), both],
    ['nulled', status.nulled(), both],
    ['typeChanged', status.typeChanged(), both],
    ['increased', status.increased(), both],
    ['decreasedBy', status.decreasedBy(2), both],
    ['crossed', status.crossed(2), both],
    ['added', status.added('x'), both],
    ['removed', status.removed(), both],
    ['where', where('it', () => true), both],
    [
      'where that says what it reads',
      where('it', () => true, { reads: ['NewImage'] }),
      [['NewImage'], ['NewImage'], none],
    ],
    ['where that reads nothing', where('it', () => true, { reads: [] }), nothing],
    [
      'removedBy, inferred',
      removedBy('ttl', table('t', { keys, ttl: 'ttl', ttlOnReplicas: 'infer' })),
      [none, none, ['OldImage']],
    ],
    ['removedBy', { kind: 'removedBy', by: 'ttl' }, nothing],
    ['key', keyFilter(shop.entity('Order', { key: { pk: 'ORDER#:id' } })) as AnyFilter, nothing],
    ['nothing to combine', all(any()), nothing],
    ['all of several', all(status.is('PAID'), status.changed()), both],
    ['any of several', any(modelFilter(shop), status.is('PAID')), subject],
    ['not', not(status.is('PAID')), subject],
  ])('%s: INSERT, MODIFY and REMOVE', (_kind, filter, expected) => {
    expect(events.map((event) => [...imagesRead(filter, event)].sort())).toEqual(expected);
  });
});
