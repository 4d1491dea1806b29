import { describe, expect, it } from 'vitest';
import { chain, type Middleware } from './chain.js';
import { handled, type Outcome, skipped } from './index.js';
import { failed } from './outcome.js';

describe('a chain of middleware', () => {
  it('is an onion: the first layer is the outermost, and each sees the unit and the outcome of what is inside', async () => {
    const seen: string[] = [];
    const layer =
      (name: string): Middleware<string> =>
      async (unit, next) => {
        seen.push(`${name} before ${unit}`);
        const outcome = await next();
        seen.push(`${name} after ${outcome.kind}`);
        return outcome;
      };
    const run = chain([layer('outer'), layer('inner')], async (unit) => {
      seen.push(`innermost ${unit}`);
      return skipped('enough');
    });
    expect(await run('u')).toMatchObject({ kind: 'skipped', reason: 'enough' });
    expect(seen).toEqual([
      'outer before u',
      'inner before u',
      'innermost u',
      'inner after skipped',
      'outer after skipped',
    ]);
  });

  it('of no layers is what is innermost', async () => {
    const innermost = async () => handled;
    expect(await chain([], innermost)('u')).toBe(handled);
  });

  it('runs what is inside again when a layer calls next again', async () => {
    const outcomes: Outcome[] = [failed(new Error('first')), failed(new Error('second')), handled];
    let calls = 0;
    const retry: Middleware<string> = async (_unit, next) => {
      for (;;) {
        const outcome = await next();
        if (outcome.kind !== 'failed') return outcome;
      }
    };
    const inner: Middleware<string> = (_unit, next) => next();
    const run = chain([retry, inner], async () => outcomes[calls++] as Outcome);
    expect(await run('u')).toBe(handled);
    expect(calls).toBe(3);
  });

  it('goes no further than a layer that answers by itself', async () => {
    let ran = false;
    const run = chain([async () => skipped('closed')], async () => {
      ran = true;
      return handled;
    });
    expect(await run('u')).toMatchObject({ kind: 'skipped' });
    expect(ran).toBe(false);
  });

  it.each<[string, unknown]>([
    ['an error', new Error('broken')],
    ['undefined', undefined],
    ['null', null],
    ['a string', 'broken'],
  ])(
    'turns what a layer throws into a failed outcome for the layers around it: %s',
    async (_what, thrown) => {
      const seen: Outcome[] = [];
      const watching: Middleware<string> = async (_unit, next) => {
        const outcome = await next();
        seen.push(outcome);
        return outcome;
      };
      const throwing: Middleware<string> = () => {
        throw thrown;
      };
      const rejecting: Middleware<string> = () => Promise.reject(thrown);
      for (const layer of [throwing, rejecting]) {
        const outcome = await chain([watching, layer], async () => handled)('u');
        expect(outcome).toMatchObject({ kind: 'failed', error: expect.any(Error) });
      }
      expect(seen.map(({ kind }) => kind)).toEqual(['failed', 'failed']);
    },
  );

  it('has failed when a layer throws after what is inside was handled', async () => {
    const layer: Middleware<string> = async (_unit, next) => {
      await next();
      throw new Error('could not note it');
    };
    expect(await chain([layer], async () => handled)('u')).toMatchObject({ kind: 'failed' });
  });

  it('never rejects from next, even when what is innermost does', async () => {
    const seen: Outcome[] = [];
    const layer: Middleware<string> = async (_unit, next) => {
      const outcome = await next();
      seen.push(outcome);
      return outcome;
    };
    const outcome = await chain([layer], () => Promise.reject(new Error('inside')))('u');
    expect(outcome).toMatchObject({ kind: 'failed', error: new Error('inside') });
    expect(seen).toEqual([outcome]);
  });

  it.each([
    ['nothing', undefined],
    ['null', null],
    ['something else', { kind: 'handled' }],
    ['true', true],
  ])('has failed when a layer resolves to %s, as untyped code can', async (_what, value) => {
    const forgetful = (async (_unit: string, next: () => Promise<Outcome>) => {
      await next();
      return value;
    }) as unknown as Middleware<string>;
    const seen: Outcome[] = [];
    const outer: Middleware<string> = async (_unit, next) => {
      const outcome = await next();
      seen.push(outcome);
      return outcome;
    };
    const outcome = await chain([outer, forgetful], async () => handled)('u');
    expect(outcome).toMatchObject({
      kind: 'failed',
      error: { message: expect.stringMatching(/middleware.*return next\(\)/) },
    });
    expect(seen).toEqual([outcome]);
  });
});
