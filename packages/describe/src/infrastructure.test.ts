import { createRouter, type Ledger, type RouterOptions, route, type TableModel, table } from '@sluice/core';
import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { infrastructure, type MappingOptions } from './infrastructure.js';

const orders = table('orders', { keys: { partition: 'pk', sort: 'sk' } });
const carts = table('carts', { keys: { partition: 'id' } });
const onInsert = (of: TableModel, id: string) => route.insert(of, { id }, () => undefined);
const perMinute = (of: TableModel, id: string) =>
  route.window(
    of,
    { id, state: z.object({ n: z.number().default(0) }) },
    {
      add: (state) => state,
      close: () => undefined,
    },
  );

/** Nothing is asked of it: what is planned depends on its being there. */
const ledger: Ledger = {
  open: () => Promise.reject(new Error('not asked')),
  parking: () => Promise.reject(new Error('not asked')),
  once: () => (_call, next) => next(),
};

function planned(options: MappingOptions = {}, of: Partial<RouterOptions> = {}) {
  return infrastructure(createRouter({ routes: onInsert(orders, 'note'), ...of }), options);
}

function settingsOf(options?: MappingOptions, of?: Partial<RouterOptions>) {
  return planned(options, of).mappings.map(({ settings: { FilterCriteria, ...rest } }) => rest);
}

/** The problems that are told at start. */
function problemsOf(options: MappingOptions, of?: Partial<RouterOptions>): unknown {
  try {
    planned(options, of);
  } catch (error) {
    return (error as { problems?: unknown }).problems;
  }
  return [];
}

describe('the plan', () => {
  it('has the settings of the page on deploying', () => {
    expect(settingsOf()).toEqual([
      {
        StartingPosition: 'TRIM_HORIZON',
        FunctionResponseTypes: ['ReportBatchItemFailures'],
        BatchSize: 100,
        MaximumBatchingWindowInSeconds: 1,
        ParallelizationFactor: 1,
        BisectBatchOnFunctionError: true,
        MaximumRetryAttempts: 100,
      },
    ]);
  });

  it('takes over what it is told', () => {
    const options: MappingOptions = {
      batchSize: 500,
      maximumBatchingWindowInSeconds: 0,
      parallelizationFactor: 4,
      maximumRetryAttempts: 7,
      maximumRecordAgeInSeconds: 3600,
      bisectBatchOnFunctionError: false,
      startingPosition: 'LATEST',
    };
    expect(settingsOf(options)).toEqual([
      {
        StartingPosition: 'LATEST',
        FunctionResponseTypes: ['ReportBatchItemFailures'],
        BatchSize: 500,
        MaximumBatchingWindowInSeconds: 0,
        ParallelizationFactor: 4,
        BisectBatchOnFunctionError: false,
        MaximumRetryAttempts: 7,
        MaximumRecordAgeInSeconds: 3600,
      },
    ]);
  });

  it('has one mapping a table, in the order of the routes, with a name for templates', () => {
    const strange = table('arn:aws:dynamodb:eu-west-1:123456789012:table/old-orders.v2', {
      keys: { partition: 'id' },
    });
    const staged = table('orders-${STAGE}', { keys: { partition: 'id' } });
    const routes = [carts, orders, strange, staged].map((of) => onInsert(of, `of ${of.name}`));
    const { mappings } = planned({}, { routes, env: { STAGE: 'test' } });

    expect(mappings.map(({ name, table, id }) => [name, table, id])).toEqual([
      ['carts', 'carts', 'Carts'],
      ['orders', 'orders', 'Orders'],
      [strange.name, strange.name, 'OldOrdersV2'],
      ['orders-${STAGE}', 'orders-test', 'OrdersSTAGE'],
    ]);
  });

  it('tells tables apart whose names come to the same letters', () => {
    const routes = ['a-b', 'a.b', 'a_b'].map((name) =>
      onInsert(table(name, { keys: { partition: 'id' } }), name),
    );
    expect(planned({}, { routes }).mappings.map(({ id }) => id)).toEqual(['AB', 'AB2', 'AB3']);
  });

  it('has one mapping for two names of one table, since Lambda refuses a second one', () => {
    const routes = [onInsert(orders, 'one'), onInsert(carts, 'other')];
    const { mappings } = planned({}, { routes, tables: { orders: 'all', carts: 'all' } });

    expect(mappings.map(({ name, table, routeIds }) => [name, table, routeIds])).toEqual([
      ['carts', 'all', ['one', 'other']],
    ]);
  });

  it('is the same each time', () => {
    expect(JSON.stringify(planned())).toBe(JSON.stringify(planned()));
  });

  it('has no more permissions than streams and destination need, without a ledger', () => {
    expect(planned()).toMatchObject({
      ledger: undefined,
      destination: 'S3',
      permissions: [
        {
          on: 'stream',
          actions: [
            'dynamodb:DescribeStream',
            'dynamodb:GetRecords',
            'dynamodb:GetShardIterator',
            'dynamodb:ListStreams',
          ],
        },
        { on: 'bucket', actions: ['s3:ListBucket'] },
        { on: 'objects', actions: ['s3:PutObject'] },
      ],
    });
  });

  it.each([
    ['SQS', [{ on: 'queue', actions: ['sqs:SendMessage'] }]],
    ['SNS', [{ on: 'topic', actions: ['sns:Publish'] }]],
    ['none', []],
  ] as const)('may send what is discarded to %s', (destination, permissions) => {
    expect(planned({ destination }).permissions.slice(1)).toEqual(permissions);
  });

  it('has the table of a ledger, and what a store calls on it', () => {
    const { ledger: made, permissions } = planned({}, { ledger, name: 'shop' });

    expect(made).toEqual({
      BillingMode: 'PAY_PER_REQUEST',
      AttributeDefinitions: [
        { AttributeName: 'pk', AttributeType: 'S' },
        { AttributeName: 'sk', AttributeType: 'S' },
      ],
      KeySchema: [
        { AttributeName: 'pk', KeyType: 'HASH' },
        { AttributeName: 'sk', KeyType: 'RANGE' },
      ],
      TimeToLiveSpecification: { AttributeName: 'expiresAt', Enabled: true },
    });
    expect(permissions).toContainEqual({
      on: 'ledger',
      actions: ['dynamodb:GetItem', 'dynamodb:Query', 'dynamodb:PutItem', 'dynamodb:DeleteItem'],
    });
  });
});

describe('the ids of mappings', () => {
  const idsOf = (names: readonly string[], tables: RouterOptions['tables'] = {}) => {
    const routes = names.map((name) => onInsert(table(name, { keys: { partition: 'id' } }), name));
    const { mappings } = planned({ filterCriteria: false }, { routes, tables });
    return Object.fromEntries(mappings.map(({ name, id }) => [name, id]));
  };

  it('do not go by the order of routes, so that another route makes no mapping anew', () => {
    const names = ['my_table', 'orders', 'my-table', 'Orders', 'orders2'];
    const ids = idsOf(names);
    expect(new Set(Object.values(ids)).size).toBe(names.length);
    expect(idsOf(names.toReversed())).toEqual(ids);
    expect(idsOf(['b', 'a'], { a: 'one', b: 'one' })).toEqual({ a: 'A' });
  });

  it('tell a pattern from a name, and stay clear of what SAM makes beside a function', () => {
    expect(idsOf(['shop', 'shop-*', '*', 'role'])).toEqual({
      shop: 'Shop',
      'shop-*': 'ShopAny',
      '*': 'Any',
      role: 'Role2',
    });
  });
});

describe('filter criteria', () => {
  const Order = orders.entity('Order', { key: { pk: 'ORDER#:id' } });
  const routes = route.insert(Order, { id: 'note' }, () => undefined);

  it('are those of the routes, unless they are not wanted', () => {
    const [mapping] = planned({}, { routes }).mappings;

    expect(mapping?.settings.FilterCriteria?.Filters.length).toBeGreaterThan(0);
    expect(planned({ filterCriteria: false }, { routes }).mappings[0]?.settings).not.toHaveProperty(
      'FilterCriteria',
    );
  });

  it('have as many filters as they may, and test metadata where they may', () => {
    const many = Array.from({ length: 8 }, (_, n) =>
      route.insert(
        orders.entity(`Kind${n}`, { key: { pk: `K${n}#:id`, sk: `S${n}` } }),
        { id: `of ${n}` },
        () => undefined,
      ),
    );
    const filters = (options: MappingOptions) =>
      JSON.stringify(planned(options, { routes: many }).mappings[0]?.settings.FilterCriteria);

    expect(JSON.parse(filters({ maxFilters: 1 })).Filters).toHaveLength(1);
    expect(filters({})).not.toContain('eventName');
    expect(filters({ metadata: true })).toContain('eventName');
  });
});

describe('order', () => {
  it.each([
    ['partitionKey', 'partitionKey'],
    ['a function', () => 'all'],
  ] as const)('in a lane by %s takes one batch of a shard at a time', (name, lane) => {
    expect(settingsOf({}, { lane })).toMatchObject([{ ParallelizationFactor: 1 }]);
    expect(problemsOf({ parallelizationFactor: 2 }, { lane })).toEqual([
      `parallelizationFactor is 2, but the router's lane is ${name}, wider than an item: Lambda would run such a lane's changes side by side; ` +
        "leave it at 1, or make the lane 'item'",
    ]);
  });

  it.each(['item', 'unordered'] as const)('of lane %s holds with several batches', (lane) => {
    expect(settingsOf({ parallelizationFactor: 10 }, { lane })).toMatchObject([
      { ParallelizationFactor: 10 },
    ]);
  });
});

describe('windows', () => {
  const routes = [perMinute(orders, 'sums'), onInsert(carts, 'note')];

  it('need a length, and streams without them have none', () => {
    expect(settingsOf({ tumblingWindowInSeconds: 60 }, { routes })).toMatchObject([
      { TumblingWindowInSeconds: 60 },
      {},
    ]);
    expect(settingsOf({ tumblingWindowInSeconds: 60 }, { routes })[1]).not.toHaveProperty(
      'TumblingWindowInSeconds',
    );
    expect(problemsOf({}, { routes })).toEqual([
      'sums folds windows, whose length nothing says; give tumblingWindowInSeconds, 1 to 900',
    ]);
    const two = [...routes, perMinute(orders, 'counts')];
    expect(problemsOf({}, { routes: two })).toEqual([
      'sums, counts fold windows, whose length nothing says; give tumblingWindowInSeconds, 1 to 900',
    ]);
  });

  it('take one batch of a shard at a time, and other streams as many as they may', () => {
    const options = { tumblingWindowInSeconds: 60, parallelizationFactor: 4 };
    expect(settingsOf(options, { routes })).toMatchObject([
      { ParallelizationFactor: 1 },
      { ParallelizationFactor: 4 },
    ]);
  });

  it('have no length where there are none', () => {
    expect(problemsOf({ tumblingWindowInSeconds: 60 })).toEqual([
      'tumblingWindowInSeconds is 60, but no route is of windows; leave it out',
    ]);
  });
});

describe('retries', () => {
  const guarded = { ledger: { ...ledger, guard: true }, name: 'shop' };

  it('have no end where a ledger with a guard parks what never succeeds, unless it is said', () => {
    expect(settingsOf({}, guarded)).toMatchObject([{ MaximumRetryAttempts: -1 }]);
    expect(settingsOf({ maximumRetryAttempts: 7 }, guarded)).toMatchObject([{ MaximumRetryAttempts: 7 }]);
    expect(settingsOf({}, { ...guarded, ledger })).toMatchObject([{ MaximumRetryAttempts: 100 }]);
  });

  it('have an end for windows, whose folds are not parked', () => {
    const routes = [perMinute(orders, 'sums'), onInsert(carts, 'note')];
    expect(settingsOf({ tumblingWindowInSeconds: 60 }, { ...guarded, routes })).toMatchObject([
      { MaximumRetryAttempts: 100 },
      { MaximumRetryAttempts: -1 },
    ]);
  });
});

describe('limits of Lambda', () => {
  it.each([
    ['batchSize', [1, 10_000], [0, 10_001, 1.5, Number.NaN]],
    ['maximumBatchingWindowInSeconds', [0, 300], [-1, 301, 0.5]],
    ['parallelizationFactor', [1, 10], [0, 11]],
    ['maximumRetryAttempts', [-1, 0, 10_000], [-2, 10_001]],
    ['maximumRecordAgeInSeconds', [-1, 60, 604_800], [59, 604_801]],
    ['maxFilters', [1, 10], [0, 11]],
  ] as const)('hold for %s', (name, inside, outside) => {
    for (const value of inside) expect(problemsOf({ [name]: value })).toEqual([]);
    for (const value of outside) {
      expect(problemsOf({ [name]: value })).toEqual([expect.stringContaining(`${name} is ${value}; give`)]);
    }
  });

  it('hold for the length of windows', () => {
    const routes = perMinute(orders, 'sums');
    for (const value of [1, 900])
      expect(problemsOf({ tumblingWindowInSeconds: value }, { routes })).toEqual([]);
    for (const value of [0, 901]) {
      expect(problemsOf({ tumblingWindowInSeconds: value }, { routes })).toHaveLength(1);
    }
  });

  it('are told all at once', () => {
    const options = { batchSize: 0, maxFilters: 11, startingPosition: 'NOW', destination: 'SES' };
    expect(problemsOf(options as unknown as MappingOptions)).toEqual([
      'batchSize is 0; give a whole number from 1 to 10000',
      'maxFilters is 11; give a whole number from 1 to 10',
      'startingPosition is NOW; give TRIM_HORIZON, LATEST',
      'destination is SES; give S3, SQS, SNS, none',
    ]);
  });
});

describe('options', () => {
  const named = (option: string) => `<${option}>`;
  const planNamed = (options: MappingOptions, of: Partial<RouterOptions>) =>
    infrastructure(createRouter({ routes: perMinute(orders, 'sums'), ...of }), options, named);

  it('have the names in problems that those know who gave them', () => {
    const options = {
      batchSize: 0,
      parallelizationFactor: 2,
      destination: 'SES',
    } as unknown as MappingOptions;
    expect(() => planNamed(options, { lane: 'partitionKey' })).toThrow(
      expect.objectContaining({
        problems: [
          '<batchSize> is 0; give a whole number from 1 to 10000',
          '<destination> is SES; give S3, SQS, SNS, none',
          expect.stringMatching(/^<parallelizationFactor> is 2, but/),
          'sums folds windows, whose length nothing says; give <tumblingWindowInSeconds>, 1 to 900',
        ],
      }),
    );
    expect(() => planNamed({ tumblingWindowInSeconds: 60 }, { routes: onInsert(orders, 'note') })).toThrow(
      /<tumblingWindowInSeconds> is 60, but/,
    );
  });

  it('have them in notes too', () => {
    const { notes } = planNamed({ tumblingWindowInSeconds: 60 }, {});
    expect(notes.join('\n')).toContain('with <maximumRetryAttempts> -1 nothing is');
  });
});

describe('the notes say', () => {
  const notesOf = (options: MappingOptions, of?: Partial<RouterOptions>) =>
    planned(options, of).notes.join('\n');
  const kept = { ledger, name: 'shop' };

  it.each<[string, MappingOptions, Partial<RouterOptions>, string]>([
    ['who gives up without a ledger', {}, {}, "Lambda's to discard"],
    ['that nobody gives up', { maximumRetryAttempts: -1 }, {}, 'holds up its shard'],
    ['what retries are for with a ledger', {}, kept, 'A ledger with a guard'],
    [
      'what has no end with a guard',
      {},
      { ...kept, ledger: { ...ledger, guard: true } },
      'MaximumRetryAttempts is -1',
    ],
    [
      'what a ledger without a guard leaves',
      { maximumRetryAttempts: -1 },
      kept,
      'a record that ends the process',
    ],
    ['what an age discards', { maximumRecordAgeInSeconds: 600 }, {}, 'only wait behind them'],
    ['what is lost', { destination: 'none' }, {}, 'is lost'],
    ['what a queue gets', { destination: 'SQS' }, {}, 'whose data the stream has for a day'],
    ['what LATEST passes over', { startingPosition: 'LATEST' }, {}, 'passed over'],
    ['what is not halved', { bisectBatchOnFunctionError: false }, {}, 'the whole of its batch'],
    ['why one batch runs at a time', {}, { lane: 'partitionKey' }, 'wider than an item'],
    ['how far strict order goes', { parallelizationFactor: 2 }, { order: 'strict' }, 'for each item'],
    ['that nothing is filtered', { filterCriteria: false }, {}, 'no filter criteria'],
    [
      'what windows miss',
      { tumblingWindowInSeconds: 60 },
      { routes: perMinute(orders, 'sums') },
      "in no window's state",
    ],
    [
      'what a pattern needs',
      {},
      { routes: onInsert(table('shop-*', { keys: { partition: 'id' } }), 'note') },
      'a mapping of its own',
    ],
  ])('%s', (_, options, of, words) => {
    expect(notesOf(options, of)).toContain(words);
  });

  it('of conditions that Lambda cannot test how many there are, each once for all of its routes', () => {
    const moved = orders.attr('place').unchanged();
    const none = orders.attr('size').unchanged();
    const of = (...whens: readonly (typeof moved)[]) =>
      whens.map((when, at) => route.modify(orders, { id: `route-${at}`, when }, () => undefined));
    expect(notesOf({}, { routes: of(moved, moved) })).toContain("cannot test 1 of the routes' conditions");
    expect(notesOf({}, { routes: of(moved, moved, none) })).toContain(
      "cannot test 2 of the routes' conditions",
    );
  });

  it('nothing of what is not so', () => {
    const guarded = { ...kept, ledger: { ...ledger, guard: true } };
    expect(notesOf({ destination: 'none' }, guarded)).not.toMatch(/discard|lost|shard/);
  });
});
