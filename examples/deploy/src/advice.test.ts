import { readFileSync } from 'node:fs';
import { createRouter, type FailurePolicy, type Ledger, type Logger, route, table } from '@sluice/core';
import { lambda } from '@sluice/lambda';
import { createLedger, parkedChanges } from '@sluice/ledger';
import { memoryStore } from '@sluice/store';
import { recordsOf, type SandboxEnvironment, simulateLambda } from '@sluice/testing';
import { describe, expect, it } from 'vitest';

/** What the page on deploying says of records that never succeed, with the settings of the mapping that it shows. */

const silent: Logger = { debug() {}, info() {}, warn() {}, error() {} };
const shop = table('shop', { keys: { partition: 'pk' } });
const build = recordsOf(shop);
const records = Array.from({ length: 103 }, (_, n) => build.insert({ pk: `item ${n}` }));
const numbers = records.map(({ dynamodb }) => dynamodb.SequenceNumber);
/** It is in the first batch of a hundred, with two behind it. */
const poison = 97;
const template = readFileSync(new URL('../template.yaml', import.meta.url), 'utf8');
const retries = Number(/MaximumRetryAttempts: (\d+)/.exec(template)?.[1]);

interface Story {
  readonly retries: number;
  readonly ledger?: Ledger;
  readonly onFailure?: FailurePolicy;
  /** What the handler does with the record that never succeeds; by default it throws. */
  readonly fails?: (environment: SandboxEnvironment) => Promise<void>;
}

async function told({ retries, ledger, onFailure, fails = refuse }: Story) {
  const handled = new Set<string>();
  const { status, discarded, documents } = await simulateLambda({
    records,
    maximumRetryAttempts: retries,
    bisectBatchOnFunctionError: true,
    batchSize: 100,
    onFailure: 's3',
    newSandbox: (environment) => {
      const routes = route.insert(
        shop,
        { id: 'note', ...(onFailure && { onFailure }) },
        ({ keys, record }) => {
          if (keys.pk === `item ${poison}`) return fails(environment);
          handled.add(record.dynamodb.SequenceNumber);
        },
      );
      return lambda(createRouter({ name: 'shop', routes, logger: silent, ...(ledger && { ledger }) }));
    },
  });
  return { status, discarded, documents, unhandled: numbers.filter((number) => !handled.has(number)) };
}

async function refuse() {
  throw new Error('no');
}

describe('a record that never succeeds', () => {
  it('is discarded without a ledger, with what lies behind it in its batch; the bucket has them all', async () => {
    const { status, discarded, documents, unhandled } = await told({ retries });

    expect(status).toBe('done');
    expect(discarded).toEqual(numbers.slice(poison, 100));
    expect(unhandled).toEqual(discarded);
    const payloads = documents.map(({ payload }) => JSON.parse(payload ?? ''));
    expect(payloads.flatMap(({ Records }) => Records)).toEqual(records.slice(poison, 100));
  });

  it('goes alone where its handler drops it', async () => {
    const onFailure = { action: 'drop', attempts: 5 } as const;
    const { status, discarded, unhandled } = await told({ retries, onFailure });

    expect({ status, discarded, unhandled }).toEqual({
      status: 'done',
      discarded: [],
      unhandled: [numbers[poison]],
    });
  });

  it('is parked with a ledger, and nothing is discarded', async () => {
    const store = memoryStore();
    const { status, discarded, unhandled } = await told({ retries: -1, ledger: createLedger(store) });

    expect({ status, discarded, unhandled }).toEqual({
      status: 'done',
      discarded: [],
      unhandled: [numbers[poison]],
    });
    const parked = [];
    for await (const { record, attempts } of parkedChanges(store, 'shop').list())
      parked.push({ record, attempts });
    expect(parked).toEqual([{ record: records[poison], attempts: 10 }]);
  });
});

describe('a record that ends the process each time', () => {
  const fails = (environment: SandboxEnvironment) => {
    environment.crash();
    return environment.clock.sleep(1);
  };

  it('is alone in the end, and discarded alone', async () => {
    const { status, discarded, unhandled } = await told({ retries: 2, fails });

    expect({ status, discarded }).toEqual({ status: 'done', discarded: [numbers[poison]] });
    expect(unhandled).toEqual(discarded);
  });

  it('is parked by a ledger with a guard', async () => {
    const ledger = createLedger(memoryStore(), { guard: true });
    const { status, discarded, unhandled } = await told({ retries: -1, ledger, fails });

    expect({ status, discarded, unhandled }).toEqual({
      status: 'done',
      discarded: [],
      unhandled: [numbers[poison]],
    });
  });
});
