import { isSluiceError, patternMatcher, type StreamRecord } from '@sluice/core';

/** As the API has it; a record comes to the function if one of the patterns fits, or if there are none. */
export interface FilterCriteria {
  /** At most 10. */
  readonly Filters: readonly { readonly Pattern: string }[];
}

/** What the function is to be given, and what it never sees. */
export function withinCriteria(
  records: readonly StreamRecord[],
  criteria: FilterCriteria | undefined,
): { readonly passing: readonly StreamRecord[]; readonly filteredOut: readonly StreamRecord[] } {
  if (!criteria?.Filters.length) return { passing: records, filteredOut: [] };
  const matchers = criteria.Filters.map(({ Pattern }) => patternMatcher(Pattern));
  const { passing = [], filteredOut = [] } = Object.groupBy(records, (record) =>
    matchers.some((matches) => matches(record)) ? 'passing' : 'filteredOut',
  );
  return { passing, filteredOut };
}

/** Source: https://docs.aws.amazon.com/lambda/latest/dg/invocation-eventfiltering.html */
export function criteriaProblems({ Filters }: FilterCriteria = { Filters: [] }): string[] {
  return [
    ...(Filters.length > maxFilters
      ? [`filterCriteria has at most ${maxFilters} filters, not ${Filters.length}.`]
      : []),
    ...Filters.flatMap(({ Pattern }, index) => {
      const problem = patternProblem(Pattern);
      return problem ? [`filterCriteria.Filters[${index}]: ${problem}`] : [];
    }),
  ];
}

const maxFilters = 10;
const maxPatternLength = 4096;

function patternProblem(pattern: string): string | undefined {
  if (pattern.length > maxPatternLength) {
    return `a pattern has at most ${maxPatternLength} characters, not ${pattern.length}.`;
  }
  try {
    patternMatcher(pattern);
    return undefined;
  } catch (error) {
    if (isSluiceError(error)) return error.message;
    throw error;
  }
}
