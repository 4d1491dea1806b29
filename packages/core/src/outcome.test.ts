import { describe, expect, it } from 'vitest';
import { handled, NeverAgainError, neverAgain, RetryLaterError, retryLater, skipped } from './index.js';
import { failed, isDone, isOutcome, outcomeOf } from './outcome.js';

describe('an outcome', () => {
  it('is frozen data that says what became of a change', () => {
    const outcomes = [
      handled,
      skipped('not ours'),
      neverAgain('no such customer'),
      retryLater('they are closed'),
      failed(new Error('no')),
    ];
    expect(outcomes.map((outcome) => [outcome.kind, isDone(outcome)])).toEqual([
      ['handled', true],
      ['skipped', true],
      ['neverAgain', true],
      ['retryLater', false],
      ['failed', false],
    ]);
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
    ['undefined', undefined, 'undefined'],
    ['null', null, 'object'],
    ['a string', 'boom', 'boom'],
    ['a number', 7, 'number'],
    ['an object', { pk: 'USER#1' }, 'object'],
    ['a symbol', Symbol('x'), 'symbol'],
  ])('of a failure is an Error also when %s was thrown', (_what, thrown, message) => {
    const { error } = failed(thrown);
    expect(error).toBeInstanceOf(Error);
    expect(error.message).toBe(`Something that is no Error was thrown: ${message}`);
    expect(error.cause).toBe(thrown);
  });

  it('of a thrown RetryLaterError or NeverAgainError is what the error says, of any other a failure', () => {
    const later = new RetryLaterError('they are closed', { afterMs: 50, cause: 'HTTP 429' });
    const never = new NeverAgainError('no such customer');
    expect(outcomeOf(later)).toMatchObject({ kind: 'retryLater', error: later });
    expect(outcomeOf(never)).toMatchObject({ kind: 'neverAgain', error: never });
    expect(outcomeOf(new Error('no'))).toMatchObject({ kind: 'failed', error: new Error('no') });
    expect([later.afterMs, later.cause, 'cause' in never]).toEqual([50, 'HTTP 429', false]);
  });

  it('of a typed error is told by its code, so another copy of the package may have thrown it', () => {
    const marked = { [Symbol.for('sluice.error')]: true, afterMs: 7 };
    const later = Object.assign(new Error('later'), marked, { code: 'RETRY_LATER' });
    const never = Object.assign(new Error('never'), marked, { code: 'NEVER_AGAIN' });
    expect(outcomeOf(later)).toMatchObject({ kind: 'retryLater', error: { afterMs: 7 } });
    expect(outcomeOf(never).kind).toBe('neverAgain');
    const stranger = Object.assign(new Error('of another library'), { code: 'RETRY_LATER' });
    expect(outcomeOf(stranger).kind).toBe('failed');
  });

  it('that gives up holds the error that shows why, or makes one of the reason', () => {
    const error = new TypeError('no');
    expect(neverAgain(error).error).toBe(error);
    expect(neverAgain('no such customer').error).toMatchObject({
      code: 'NEVER_AGAIN',
      message: 'no such customer',
    });
  });

  it.each([Number.NaN, Number.POSITIVE_INFINITY])('refuses to wait for %d ms', (afterMs) => {
    expect(() => retryLater('later', { afterMs })).toThrow(/afterMs is .*; give a finite number/);
  });
});
