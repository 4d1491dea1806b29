import { ConfigurationError, type RoutedTable, type Router } from '@sluice/core';
import { filterCriteria, type TableCriteria } from './criteria.js';
import { notesOf } from './infrastructure-notes.js';
import { type OptionName, problemsOf } from './infrastructure-problems.js';
import { idsOf } from './template-ids.js';

/**
 * What a router needs around its function on Lambda. Throws `ConfigurationError` with all problems at once: numbers outside
 * Lambda's limits, a ParallelizationFactor that breaks the router's lanes, window routes without the length of their windows.
 * `nameOf` gives the options the names that they have in problems and notes, where it is not those of `MappingOptions`.
 */
export function infrastructure(
  router: Router,
  options: MappingOptions = {},
  nameOf: OptionName = String,
): Infrastructure {
  const problems = problemsOf(router, options, nameOf);
  if (problems.length > 0) throw new ConfigurationError(problems);

  const { maxFilters, metadata, destination = 'S3' } = options;
  const criteria = filterCriteria(router, {
    ...(maxFilters !== undefined && { maxFilters }),
    ...(metadata !== undefined && { metadata }),
  });
  // Names of one table have one mapping: Lambda refuses a second one between the same stream and function.
  const isFirst = ({ model, text }: RoutedTable) =>
    !router.tables.some((other) => other.text === text && other.model.name < model.name);
  const tables = router.tables.filter(isFirst);
  const ids = idsOf(tables.map(({ model }) => model.name));
  const mappings = tables.map(({ model, text }, index) => {
    const found = criteria.find(({ table }) => table === text);
    return {
      name: model.name,
      table: text,
      id: ids[index] as string, // there are as many
      routeIds: found?.routeIds ?? [],
      settings: settingsOf(router, options, found),
    };
  });
  return {
    mappings,
    ledger: router.ledger && ledgerTable,
    destination: destination === 'none' ? undefined : destination,
    permissions: [
      { on: 'stream', actions: streamActions },
      ...(router.ledger ? [{ on: 'ledger', actions: ledgerActions } as const] : []),
      ...destinationPermissions[destination],
    ],
    notes: notesOf(router, options, mappings, criteria, nameOf),
  };
}

/** What the mappings of a router's streams shall be, where it is not what the router says. Limits are Lambda's. */
export interface MappingOptions {
  /** The most records in an event, 1 to 10 000; 100 by default. */
  readonly batchSize?: number;
  /** How long records are gathered for an event, 0 to 300; 1 by default. */
  readonly maximumBatchingWindowInSeconds?: number;
  /** How many batches of a shard run at a time, 1 to 10; 1 by default, and for lanes wider than an item and for windows. */
  readonly parallelizationFactor?: number;
  /**
   * How often Lambda retries before it discards, 0 to 10 000, or -1 for as long as the stream has the records. By default -1 where a
   * ledger with a guard parks what never succeeds, but for streams with window routes, whose folds are not parked; 100 otherwise.
   */
  readonly maximumRetryAttempts?: number;
  /** Beyond which age Lambda discards, 60 to 604 800, or -1 for none; by default it is left out, which is none. */
  readonly maximumRecordAgeInSeconds?: number;
  /** Whether a batch that ends the process is halved; true by default. */
  readonly bisectBatchOnFunctionError?: boolean;
  /** The length of the windows of streams that have window routes, 1 to 900; needed where there are any. */
  readonly tumblingWindowInSeconds?: number;
  /** `TRIM_HORIZON` by default. `LATEST` can pass over what is written while a mapping is made. */
  readonly startingPosition?: 'TRIM_HORIZON' | 'LATEST';
  /** Whether records that no route wants are filtered out by Lambda; true by default. */
  readonly filterCriteria?: boolean;
  /** How many filters a mapping may have: 5, or up to 10 where AWS has raised the quota. 5 by default. */
  readonly maxFilters?: number;
  /** Whether patterns may also test `eventName` and `userIdentity`; false by default. */
  readonly metadata?: boolean;
  /** What the place is for what Lambda discards. `S3` by default: a bucket gets the records, a queue and a topic only their place in the stream. */
  readonly destination?: DestinationType | 'none';
}

/** In SAM's words. */
export type DestinationType = 'S3' | 'SQS' | 'SNS';

/** What a function of a router needs around it: pure data, the same for the same router. */
export interface Infrastructure {
  /** One for each table of the router, in the order of its tables. */
  readonly mappings: readonly StreamMapping[];
  /** The table of the router's ledger; `undefined` where it has none. */
  readonly ledger: LedgerTable | undefined;
  readonly destination: DestinationType | undefined;
  /** What the function may do, apart from what its handlers call. */
  readonly permissions: readonly Permission[];
  /** What was decided and why, a sentence each. */
  readonly notes: readonly string[];
}

/** The event source mapping of a table's stream. */
export interface StreamMapping {
  /** As `table(…)` was given it; of several names for one table the first by the alphabet. */
  readonly name: string;
  /** What the name comes to: a table's name or ARN, or a pattern of either. */
  readonly table: string;
  /** A name for it in templates, of letters and digits; no two mappings have the same. */
  readonly id: string;
  /** The routes whose records have to come through, in their order: those of the table, and of others that may be the same one. */
  readonly routeIds: readonly string[];
  readonly settings: MappingSettings;
}

/** Properties of `AWS::Lambda::EventSourceMapping`, without what it is between. */
export interface MappingSettings {
  readonly StartingPosition: 'TRIM_HORIZON' | 'LATEST';
  readonly FunctionResponseTypes: readonly ['ReportBatchItemFailures'];
  readonly BatchSize: number;
  readonly MaximumBatchingWindowInSeconds: number;
  readonly ParallelizationFactor: number;
  readonly BisectBatchOnFunctionError: boolean;
  readonly MaximumRetryAttempts: number;
  readonly MaximumRecordAgeInSeconds?: number;
  readonly TumblingWindowInSeconds?: number;
  readonly FilterCriteria?: { readonly Filters: readonly { readonly Pattern: string }[] };
}

/** Properties of `AWS::DynamoDB::Table`. */
export interface LedgerTable {
  readonly BillingMode: 'PAY_PER_REQUEST';
  readonly AttributeDefinitions: readonly { readonly AttributeName: string; readonly AttributeType: 'S' }[];
  readonly KeySchema: readonly { readonly AttributeName: string; readonly KeyType: 'HASH' | 'RANGE' }[];
  readonly TimeToLiveSpecification: { readonly AttributeName: string; readonly Enabled: true };
}

export interface Permission {
  /** `objects` are those of the bucket. */
  readonly on: 'stream' | 'ledger' | 'bucket' | 'objects' | 'queue' | 'topic';
  readonly actions: readonly string[];
}

/** Those of the page on deploying, which has the reasons. */
function settingsOf(
  router: Router,
  options: MappingOptions,
  criteria: TableCriteria | undefined,
): MappingSettings {
  const ids = criteria?.routeIds ?? [];
  const hasWindows = router.windows.some(({ route }) => ids.includes(route.id));
  const { maximumRecordAgeInSeconds: age = -1, tumblingWindowInSeconds } = options;
  const filters = options.filterCriteria === false ? [] : (criteria?.filters ?? []);
  return {
    StartingPosition: options.startingPosition ?? 'TRIM_HORIZON',
    FunctionResponseTypes: ['ReportBatchItemFailures'],
    BatchSize: options.batchSize ?? 100,
    MaximumBatchingWindowInSeconds: options.maximumBatchingWindowInSeconds ?? 1,
    // The state of a window goes from one invocation to the next.
    ParallelizationFactor: hasWindows ? 1 : (options.parallelizationFactor ?? 1),
    BisectBatchOnFunctionError: options.bisectBatchOnFunctionError ?? true,
    MaximumRetryAttempts: options.maximumRetryAttempts ?? (router.ledger?.guard && !hasWindows ? -1 : 100),
    ...(age !== -1 && { MaximumRecordAgeInSeconds: age }),
    ...(hasWindows &&
      tumblingWindowInSeconds !== undefined && { TumblingWindowInSeconds: tumblingWindowInSeconds }),
    ...(filters.length > 0 && { FilterCriteria: { Filters: filters } }),
  };
}

/** What Lambda checks that a function's role may do before it makes a mapping. All of them go by the stream's ARN. */
const streamActions = [
  'dynamodb:DescribeStream',
  'dynamodb:GetRecords',
  'dynamodb:GetShardIterator',
  'dynamodb:ListStreams',
];

/** What `dynamoDbStore` calls. */
const ledgerActions = ['dynamodb:GetItem', 'dynamodb:Query', 'dynamodb:PutItem', 'dynamodb:DeleteItem'];

/** Source: https://docs.aws.amazon.com/lambda/latest/dg/services-dynamodb-errors.html */
const destinationPermissions: Readonly<Record<DestinationType | 'none', readonly Permission[]>> = {
  S3: [
    { on: 'bucket', actions: ['s3:ListBucket'] },
    { on: 'objects', actions: ['s3:PutObject'] },
  ],
  SQS: [{ on: 'queue', actions: ['sqs:SendMessage'] }],
  SNS: [{ on: 'topic', actions: ['sns:Publish'] }],
  none: [],
};

/** As `createTable` of `@sluice/store/dynamodb` makes it. */
const ledgerTable: LedgerTable = {
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
};
