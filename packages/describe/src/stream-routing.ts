import { ConfigurationError, type Router } from '@sluice/core';
import { Duration, RemovalPolicy } from 'aws-cdk-lib';
import { AttributeType, BillingMode, type ITable, Table } from 'aws-cdk-lib/aws-dynamodb';
import {
  EventSourceMapping,
  type EventSourceMappingProps,
  type IFunction,
  StartingPosition,
} from 'aws-cdk-lib/aws-lambda';
import { Construct } from 'constructs';
import {
  type DestinationResource,
  destinationOf,
  grantsOf,
  problemsOfDestination,
} from './cdk-permissions.js';
import {
  type CdkTables,
  ledgerAttributes,
  problemsOfLedger,
  problemsOfTables,
  streamsOf,
} from './cdk-tables.js';
import {
  type Infrastructure,
  infrastructure,
  type MappingOptions,
  type MappingSettings,
} from './infrastructure.js';
import { problemsOf } from './infrastructure-problems.js';

export interface StreamRoutingProps extends Omit<MappingOptions, 'destination'> {
  readonly router: Router;
  /** The function whose handler is `lambda(router)`. */
  readonly handler: IFunction;
  /** The tables of the router's routes by the names that `table(…)` was given; for a pattern a list of them. */
  readonly tables: CdkTables;
  /** A bucket, a queue or a topic, where Lambda sends what it discards. With `'none'` it is lost. */
  readonly onFailure: DestinationResource | 'none';
  /** The table of the router's ledger; by default one is made where the router has a ledger. */
  readonly ledgerTable?: ITable;
}

/**
 * What a router needs around its function: an event source mapping for each stream, the ledger's table, and permissions for these
 * and nothing else. Throws `ConfigurationError` with all problems at once.
 */
export class StreamRouting extends Construct {
  /** One for each stream, in the order of the router's tables. */
  readonly mappings: readonly EventSourceMapping[];
  /** What was decided, and in `notes` why. */
  readonly plan: Infrastructure;
  private readonly ledger: ITable | undefined;

  constructor(scope: Construct, id: string, props: StreamRoutingProps) {
    super(scope, id);
    const { router, handler, onFailure } = props;
    const problems = [
      ...problemsOf(router, props),
      ...problemsOfTables(router, props.tables),
      ...problemsOfLedger(router, props.ledgerTable),
      ...problemsOfDestination(onFailure),
    ];
    if (problems.length > 0) throw new ConfigurationError(problems);

    const destination = destinationOf(onFailure);
    this.plan = infrastructure(router, { ...props, destination: destination?.type ?? 'none' });
    this.ledger = router.ledger && (props.ledgerTable ?? newLedgerTable(this));
    const streams = streamsOf(router, this.plan, props.tables);

    const grants = grantsOf(this.plan.permissions, handler, {
      streams: streams.map(({ table }) => table),
      ledger: this.ledger,
      destination,
    });
    this.mappings = streams.map(({ mapping, table, id: name }) => {
      const made = newMapping(this, name, mapping.settings, {
        target: handler,
        ...(table.tableStreamArn !== undefined && { eventSourceArn: table.tableStreamArn }),
        ...(destination && { onFailure: { bind: () => ({ destination: destination.arn }) } }),
      });
      // Lambda refuses a mapping whose function may not read the stream yet.
      for (const grant of grants) grant.applyBefore(made);
      return made;
    });
  }

  /** The ledger's table, whose name the function needs. Throws a `TypeError` where the router has no ledger. */
  get ledgerTable(): ITable {
    if (this.ledger) return this.ledger;
    throw new TypeError(`The router of ${this.node.path} has no ledger, and so no table for one.`);
  }
}

function newMapping(
  scope: Construct,
  id: string,
  settings: MappingSettings,
  between: Pick<EventSourceMappingProps, 'target' | 'eventSourceArn' | 'onFailure'>,
): EventSourceMapping {
  const { MaximumRecordAgeInSeconds: age, TumblingWindowInSeconds: window, FilterCriteria } = settings;
  return new EventSourceMapping(scope, id, {
    ...between,
    startingPosition: StartingPosition[settings.StartingPosition],
    reportBatchItemFailures: true,
    batchSize: settings.BatchSize,
    maxBatchingWindow: Duration.seconds(settings.MaximumBatchingWindowInSeconds),
    parallelizationFactor: settings.ParallelizationFactor,
    bisectBatchOnError: settings.BisectBatchOnFunctionError,
    retryAttempts: settings.MaximumRetryAttempts,
    ...(age !== undefined && { maxRecordAge: Duration.seconds(age) }),
    ...(window !== undefined && { tumblingWindow: Duration.seconds(window) }),
    ...(FilterCriteria && { filters: FilterCriteria.Filters.map(({ Pattern }) => ({ pattern: Pattern })) }),
  });
}

/** It stays when it leaves the stack, as it may hold parked changes. */
function newLedgerTable(scope: Construct): ITable {
  const table = new Table(scope, 'Ledger', {
    partitionKey: { name: ledgerAttributes.partition, type: AttributeType.STRING },
    sortKey: { name: ledgerAttributes.sort, type: AttributeType.STRING },
    timeToLiveAttribute: ledgerAttributes.ttl,
    billingMode: BillingMode.PAY_PER_REQUEST,
    removalPolicy: RemovalPolicy.RETAIN,
  });
  return table as ITable; // which it is, but for exactOptionalPropertyTypes
}
