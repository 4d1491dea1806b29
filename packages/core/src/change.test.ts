import { type AttributeMap, type EventName, type Model, type StreamRecord, table } from '@sluice/filters';
import { describe, expect, it } from 'vitest';
import { ChangeView } from './change.js';

const shop = table('shop', { keys: { partition: 'pk', sort: 'sk' } });
const image: AttributeMap = { pk: { S: 'USER#1' }, sk: { N: '7' }, total: { N: '12345678901234567890' } };

function viewOf(eventName: EventName, more: Partial<StreamRecord['dynamodb']> = {}, model: Model = shop) {
  const record: StreamRecord = {
    eventName,
    eventSourceARN: 'arn:aws:dynamodb:eu-central-1:123456789012:table/shop/stream/2026-01-01T00:00:00.000',
    dynamodb: { Keys: { pk: { S: 'USER#1' }, sk: { N: '7' } }, SequenceNumber: '1', ...more },
  };
  return new ChangeView(record, model);
}

describe('a change', () => {
  it('has the images of its event', () => {
    const inserted = viewOf('INSERT', { NewImage: image });
    expect([inserted.new, inserted.old]).toEqual([
      { pk: 'USER#1', sk: 7, total: '12345678901234567890' },
      undefined,
    ]);
    const removed = viewOf('REMOVE', { OldImage: image });
    expect([removed.new, removed.old]).toEqual([
      undefined,
      { pk: 'USER#1', sk: 7, total: '12345678901234567890' },
    ]);
  });

  it('decodes by the policy of its table, each image once', () => {
    const exact = table('shop', { keys: { partition: 'pk' }, numbers: 'bigint' });
    for (const model of [exact, exact.entity('Order', {})]) {
      const view = viewOf('INSERT', { NewImage: image }, model);
      expect(view.new).toMatchObject({ total: 12345678901234567890n });
      expect(view.new).toBe(view.new);
    }
  });

  it('decodes nothing that is not read: a value that cannot be decoded fails who reads it', () => {
    const broken = { pk: { S: 'USER#1' }, tags: { SS: [] } };
    const view = viewOf('MODIFY', { NewImage: broken, OldImage: image });
    expect(view.keys).toEqual({ pk: 'USER#1', sk: 7 });
    expect(view.old).toMatchObject({ pk: 'USER#1' });
    const item = view.new as { pk: string; tags: unknown };
    expect(item.pk).toBe('USER#1');
    expect(() => item.tags).toThrowError(/no members/);
    expect(() => item.tags).toThrowError(/no members/);
  });

  it('has no image that the stream left out, and says so', () => {
    expect(() => viewOf('MODIFY', { NewImage: image, StreamViewType: 'NEW_IMAGE' }).old).toThrowError(
      /reads OldImage.*StreamViewType is NEW_IMAGE/,
    );
  });

  it('tells what differs between its images, by the policy of its table', () => {
    const exact = table('shop', { keys: { partition: 'pk' }, numbers: 'bigint' });
    const view = viewOf('MODIFY', { OldImage: { ...image, total: { N: '1' } }, NewImage: image }, exact);
    expect(view.diff()).toEqual([
      { kind: 'changed', path: ['total'], before: 1, after: 12345678901234567890n },
    ]);
    expect(view.diff()).not.toBe(view.diff());
  });

  it('tells that all of a new item was added, and all of a deleted one removed', () => {
    const small = { pk: { S: 'USER#1' }, total: { N: '1' } };
    expect(viewOf('INSERT', { NewImage: small }).diff()).toEqual([
      { kind: 'added', path: ['pk'], after: 'USER#1' },
      { kind: 'added', path: ['total'], after: 1 },
    ]);
    expect(viewOf('REMOVE', { OldImage: small }).diff()).toEqual([
      { kind: 'removed', path: ['pk'], before: 'USER#1' },
      { kind: 'removed', path: ['total'], before: 1 },
    ]);
  });

  it('cannot tell what differs from an image that the stream left out, and says so', () => {
    const view = viewOf('MODIFY', { NewImage: image, StreamViewType: 'NEW_IMAGE' });
    expect(() => view.diff()).toThrowError(expect.objectContaining({ code: 'MISSING_IMAGE' }));
  });

  it('has the captures of its entity, and none for a table', () => {
    const Order = shop.entity('Order', { key: { pk: 'USER#:userId', sk: ':number' } });
    expect(viewOf('INSERT', {}, Order).params).toEqual({ userId: '1', number: '7' });
    expect(viewOf('INSERT', {}, shop).params).toEqual({});
  });

  it('tells who removed the item, for a REMOVE only', () => {
    expect(viewOf('REMOVE').by).toBe('user');
    expect(viewOf('INSERT').by).toBeUndefined();
  });
});
