import type { Router } from '@sluice/core';

/** What the mappings of a router's streams shall be, where it is not what the router says. Limits are Lambda's. */
export interface MappingOptions {
  /** The most records in an event, 1 to 10 000; 100 by default. */
  readonly batchSize?: number;
  /** How long records are gathered for an event, 0 to 300; 1 by default. */
  readonly maximumBatchingWindowInSeconds?: number;
  /** How many batches of a shard run at a time, 1 to 10; 1 by default, and for lanes wider than an item and for windows. */
  readonly parallelizationFactor?: number;
  /** How often Lambda retries before it discards, 0 to 10 000, or -1 for as long as the stream has the records; 100 by default. */
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
  /** As `table(…)` was given it. */
  readonly name: string;
  /** What the name comes to: a table's name or ARN, or a pattern of either. */
  readonly table: string;
  /** A name for it in templates, of letters and digits; no two mappings have the same. */
  readonly id: string;
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

/**
 * What a router needs around its function on Lambda. Throws `ConfigurationError` with all problems at once: numbers outside
 * Lambda's limits, a ParallelizationFactor that breaks the router's lanes, window routes without the length of their windows.
 */
export function infrastructure(_router: Router, _options: MappingOptions = {}): Infrastructure {
  throw new Error('not written yet');
}
