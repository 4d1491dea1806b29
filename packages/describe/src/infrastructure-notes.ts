import type { Router } from '@sluice/core';
import type { TableCriteria } from './criteria.js';
import type { MappingOptions, StreamMapping } from './infrastructure.js';
import { laneName, type OptionName } from './infrastructure-problems.js';

/** What was decided for a router and why, and what its options lead to; a sentence each. */
export function notesOf(
  router: Router,
  options: MappingOptions,
  mappings: readonly StreamMapping[],
  criteria: readonly TableCriteria[],
  nameOf: OptionName,
): readonly string[] {
  return [
    ...ofDiscarding(router, options, mappings),
    ...ofOrder(router, options),
    ...mappings.flatMap((mapping) => [...ofTable(mapping), ...ofWindows(mapping, options, nameOf)]),
    ...ofFilters(options, mappings, criteria),
  ];
}

/** Something that may be so, and what is to be said then. */
type Note = readonly [isSo: unknown, sentence: string];

function said(...notes: readonly Note[]): readonly string[] {
  return notes.flatMap(([isSo, sentence]) => (isSo ? [sentence] : []));
}

function ofDiscarding(
  { ledger }: Router,
  options: MappingOptions,
  mappings: readonly StreamMapping[],
): readonly string[] {
  const { maximumRetryAttempts: retries = ledger?.guard ? -1 : 100, maximumRecordAgeInSeconds: age = -1 } =
    options;
  const { destination = 'S3', startingPosition, bisectBatchOnFunctionError } = options;
  const isLimited = age !== -1 || mappings.some(({ settings }) => settings.MaximumRetryAttempts !== -1);
  return said(
    [
      !ledger && retries !== -1,
      `MaximumRetryAttempts is ${retries}, as the router has no ledger: what never succeeds is Lambda's to discard, with what lies behind it in its batch.`,
    ],
    [
      !ledger && !isLimited,
      'Nothing is discarded and the router has no ledger: a change that never succeeds holds up its shard until the stream drops it, after a day.',
    ],
    [
      ledger && retries !== -1,
      `The ledger parks what never succeeds; MaximumRetryAttempts is ${retries} for what ends the process. A ledger with a guard parks that too.`,
    ],
    [
      ledger?.guard && retries === -1,
      'MaximumRetryAttempts is -1: the ledger parks what never succeeds, and by its guard what ends the process.',
    ],
    [
      ledger && !ledger.guard && retries === -1,
      'MaximumRetryAttempts is -1 and the ledger has no guard: a record that ends the process each time holds up its shard until the stream drops it, after a day.',
    ],
    [
      age !== -1,
      `MaximumRecordAgeInSeconds is ${age}: Lambda discards records of that age, those that fail and those that only wait behind them.`,
    ],
    [
      bisectBatchOnFunctionError === false,
      'BisectBatchOnFunctionError is off: a record that ends the process takes the whole of its batch with it.',
    ],
    [isLimited && destination === 'none', 'What Lambda discards is lost: there is no destination for it.'],
    [
      isLimited && ['SQS', 'SNS'].includes(destination),
      'The destination gets the place of what Lambda discards, whose data the stream has for a day; a bucket gets the records.',
    ],
    [
      startingPosition === 'LATEST',
      'StartingPosition is LATEST: what is written while the mapping is made can be passed over.',
    ],
  );
}

function ofOrder({ lane, order }: Router, { parallelizationFactor = 1 }: MappingOptions): readonly string[] {
  return said(
    [
      lane !== 'item' && lane !== 'unordered',
      `ParallelizationFactor is 1, as the lane is ${laneName(lane)}, wider than an item: more would run its changes side by side.`,
    ],
    [
      order === 'strict' && parallelizationFactor > 1,
      `The order is strict, but with a ParallelizationFactor of ${parallelizationFactor} it holds within each of as many batches, and for each item.`,
    ],
  );
}

function ofTable({ table }: StreamMapping): readonly string[] {
  return said([
    table.includes('*'),
    `${table} is a pattern, and a mapping has one stream: each table that it means needs a mapping of its own.`,
  ]);
}

function ofWindows(
  { table, settings }: StreamMapping,
  options: MappingOptions,
  nameOf: OptionName,
): readonly string[] {
  const { TumblingWindowInSeconds, MaximumRetryAttempts } = settings;
  if (TumblingWindowInSeconds === undefined) return [];
  return said(
    [
      (options.parallelizationFactor ?? 1) > 1,
      `ParallelizationFactor is 1 for ${table}: the state of a window goes from one invocation to the next.`,
    ],
    [
      MaximumRetryAttempts !== -1,
      `What Lambda discards of ${table} is in no window's state; with ${nameOf('maximumRetryAttempts')} -1 nothing is, and a shard waits for what fails.`,
    ],
  );
}

function ofFilters(
  { filterCriteria }: MappingOptions,
  mappings: readonly StreamMapping[],
  criteria: readonly TableCriteria[],
): readonly string[] {
  if (filterCriteria === false) return ['There are no filter criteria: all records reach the function.'];
  const left = criteria.reduce((sum, { notPushedDown }) => sum + differentOf(notPushedDown).size, 0);
  const unfiltered = mappings.filter(({ settings }) => !settings.FilterCriteria);
  return said(
    ...unfiltered.map(
      ({ table }): Note => [
        true,
        `There are no filter criteria for ${table}: each of its records may be wanted.`,
      ],
    ),
    [
      left > 0,
      `Lambda cannot test ${left} of the routes' conditions, so the router does; \`sluice filter-criteria\` names them.`,
    ],
    [
      unfiltered.length < mappings.length,
      "Records that Lambda filters out are told by no metric, unless the mapping's MetricsConfig has EventCount.",
    ],
  );
}

/** What several routes of a table leave to the router is one condition, as the command prints it. */
function differentOf(left: TableCriteria['notPushedDown']): ReadonlySet<string> {
  return new Set(left.map(({ condition, reason }) => JSON.stringify([condition, reason])));
}
