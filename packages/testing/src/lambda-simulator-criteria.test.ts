import { describe, expect, it } from 'vitest';
import { recordsOf, simulateLambda } from './index.js';

const shop = recordsOf({ table: 'shop', keys: { partition: 'pk' } });
const records = [shop.insert({ pk: 'a' }), shop.insert({ pk: 'b' })];
const patternOf = (name: string) => ({
  Pattern: JSON.stringify({ dynamodb: { Keys: { pk: { S: [name] } } } }),
});

const simulated = (Filters: readonly { readonly Pattern: string }[]) =>
  simulateLambda({ records, handler: () => null, filterCriteria: { Filters } });

describe('filter criteria', () => {
  it('without a filter let every record through', async () => {
    const { filteredOut, invocations } = await simulated([]);
    expect(filteredOut).toEqual([]);
    expect(invocations[0]?.delivered).toHaveLength(2);
  });

  it('let ten patterns of 4096 characters be, and tell of all that is wrong with more', async () => {
    const { Pattern } = patternOf('a');
    const longest = { Pattern: Pattern.padEnd(4096) };
    expect((await simulated(Array(10).fill(longest))).filteredOut).toHaveLength(1);
    const wrong = simulated([
      ...Array(9).fill(longest),
      { Pattern: `${longest.Pattern} ` },
      { Pattern: '{"a":1}' },
    ]);
    await expect(wrong).rejects.toThrow(
      'simulateLambda: filterCriteria has at most 10 filters, not 11. ' +
        'filterCriteria.Filters[9]: a pattern has at most 4096 characters, not 4097. ' +
        'filterCriteria.Filters[10]: At a of a filter pattern an object or an array is expected, not 1.',
    );
  });
});
