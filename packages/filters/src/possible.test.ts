import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type AnyFilter,
  absent,
  all,
  any,
  canPass,
  type EventName,
  type FilterNode,
  matcher,
  not,
  type StreamRecord,
  table,
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

  it('is one that the matcher never lets anything pass', () => {
    const operand = fc.constantFrom('A', 'B', absent);
    const attributeFilter = fc.oneof(
      fc.tuple(operand, operand).map(([from, to]) => status.from(from).to(to)),
      operand.map((value) => status.from(value)),
      operand.map((value) => status.to(value)),
      operand.map((value) => status.is(value)),
      fc.constantFrom(status.changed(), status.appeared(), status.disappeared()),
    );
    const filter = fc.oneof(
      attributeFilter,
      fc.array(attributeFilter, { maxLength: 3 }).map((filters) => all(...filters)),
      fc.array(attributeFilter, { maxLength: 3 }).map((filters) => any(...filters)),
    );
    const image = fc.constantFrom({}, { status: { S: 'A' } }, { status: { S: 'B' } });
    fc.assert(
      fc.property(
        filter,
        fc.constantFrom<EventName>('INSERT', 'MODIFY', 'REMOVE'),
        image,
        image,
        (given, eventName, old, now) => {
          const record: StreamRecord = {
            eventName,
            eventSourceARN: 'arn:aws:dynamodb:eu-central-1:123456789012:table/shop/stream/x',
            dynamodb: { Keys: { pk: { S: '1' } }, OldImage: old, NewImage: now, SequenceNumber: '1' },
          };
          if (!canPass(given, eventName)) expect(matcher(given)(record)).toBe(false);
        },
      ),
      { seed: 20_260_101, numRuns: 2000 },
    );
  });
});
