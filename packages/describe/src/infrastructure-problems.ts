import type { Router } from '@sluice/core';
import type { MappingOptions } from './infrastructure.js';

/** What an option is called where its value comes from. */
export type OptionName = (option: keyof MappingOptions) => string;

/** What is wrong with the options, for Lambda or for this router; a sentence each. */
export function problemsOf(
  router: Router,
  options: MappingOptions,
  nameOf: OptionName = String,
): readonly string[] {
  const { startingPosition, destination } = options;
  return [
    ...numbersOutside(options, nameOf),
    ...notOneOf(nameOf('startingPosition'), startingPosition, ['TRIM_HORIZON', 'LATEST']),
    ...notOneOf(nameOf('destination'), destination, ['S3', 'SQS', 'SNS', 'none']),
    ...brokenLanes(router, options, nameOf('parallelizationFactor')),
    ...windowLength(router, options, nameOf('tumblingWindowInSeconds')),
  ];
}

type NumberOption = {
  [Name in keyof MappingOptions]-?: NonNullable<MappingOptions[Name]> extends number ? Name : never;
}[keyof MappingOptions];

/**
 * The least and the most, and what it may be besides.
 * Source: https://docs.aws.amazon.com/lambda/latest/dg/services-ddb-params.html
 */
const limits: Readonly<Record<NumberOption, readonly [least: number, most: number, besides?: number]>> = {
  batchSize: [1, 10_000],
  maximumBatchingWindowInSeconds: [0, 300],
  parallelizationFactor: [1, 10],
  maximumRetryAttempts: [0, 10_000, -1],
  maximumRecordAgeInSeconds: [60, 604_800, -1],
  tumblingWindowInSeconds: [1, 900],
  maxFilters: [1, 10],
};

function numbersOutside(options: MappingOptions, nameOf: OptionName): readonly string[] {
  return (Object.keys(limits) as NumberOption[]).flatMap((name) => {
    const value = options[name];
    const [least, most, besides] = limits[name];
    if (value === undefined || value === besides) return [];
    if (Number.isInteger(value) && value >= least && value <= most) return [];
    const or = besides === undefined ? '' : `, or ${besides} for no limit`;
    return [`${nameOf(name)} is ${value}; give a whole number from ${least} to ${most}${or}`];
  });
}

function notOneOf(name: string, value: unknown, known: readonly unknown[]): readonly string[] {
  return value === undefined || known.includes(value)
    ? []
    : [`${name} is ${value}; give ${known.join(', ')}`];
}

/** Lambda gives each item to one batch at a time, and the items of a wider lane to several. */
function brokenLanes(
  { lane }: Router,
  { parallelizationFactor = 1 }: MappingOptions,
  name: string,
): readonly string[] {
  if (parallelizationFactor === 1 || lane === 'item' || lane === 'unordered') return [];
  return [
    `${name} is ${parallelizationFactor}, but the router's lane is ${laneName(lane)}, wider than an item: ` +
      "Lambda would run such a lane's changes side by side; leave it at 1, or make the lane 'item'",
  ];
}

export function laneName(lane: Router['lane']): string {
  return typeof lane === 'function' ? 'a function' : lane;
}

function windowLength(
  { windows }: Router,
  { tumblingWindowInSeconds: seconds }: MappingOptions,
  name: string,
): readonly string[] {
  const ids = windows.map(({ route }) => route.id);
  if (ids.length > 0 && seconds === undefined) {
    const fold = ids.length === 1 ? 'folds' : 'fold';
    return [`${ids.join(', ')} ${fold} windows, whose length nothing says; give ${name}, 1 to 900`];
  }
  if (ids.length === 0 && seconds !== undefined) {
    return [`${name} is ${seconds}, but no route is of windows; leave it out`];
  }
  return [];
}
