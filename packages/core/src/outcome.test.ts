import { describe, expect, it } from 'vitest';
import { handled, skipped } from './index.js';
import { failed, isOutcome } from './outcome.js';

describe('an outcome', () => {
  it('is frozen data that says what became of a change', () => {
    const outcomes = [handled, skipped('not ours'), failed(new Error('no'))];
    expect(outcomes.map(({ kind }) => kind)).toEqual(['handled', 'skipped', 'failed']);
    for (const outcome of outcomes) {
      expect(Object.isFrozen(outcome)).toBe(true);
      expect(isOutcome(outcome)).toBe(true);
    }
    expect(skipped('not ours').reason).toBe('not ours');
  });

  it('is nothing that only looks like one', () => {
    const lookalikes = [
      undefined,
      null,
      true,
      'handled',
      {},
      { kind: 'handled' },
      [handled],
      () => handled,
      Promise.resolve(handled),
    ];
    for (const value of lookalikes) expect(isOutcome(value)).toBe(false);
  });

  it('of a failure holds the error that was thrown', () => {
    const error = new TypeError('no');
    expect(failed(error).error).toBe(error);
  });

  it.each<[string, unknown, string]>([
    ['undefined', undefined, 'a value of type undefined'],
    ['null', null, 'a value of type null'],
    ['a string', 'boom', 'boom'],
    ['a number', 7, 'a value of type number'],
    ['an object', { pk: 'USER#1' }, 'a value of type object'],
    ['a symbol', Symbol('x'), 'a value of type symbol'],
  ])('of a failure is an Error also when %s was thrown', (_what, thrown, message) => {
    const { error } = failed(thrown);
    expect(error).toBeInstanceOf(Error);
    expect(error.message).toBe(`Something that is not an Error was thrown: ${message}`);
    expect(error.cause).toBe(thrown);
  });
});
