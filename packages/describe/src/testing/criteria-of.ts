import { createRouter, patternMatcher, type Route, type StreamRecord } from '@sluice/core';
import { type CriteriaOptions, filterCriteria } from '../criteria.js';

/** The criteria of routes of one table, and what their patterns let through. */
export function criteriaOf(routes: readonly Route[], options?: CriteriaOptions) {
  const [criteria] = filterCriteria(createRouter({ routes }), options);
  if (!criteria) throw new Error('There is a table.');
  const tests = criteria.filters.map(({ Pattern }) => patternMatcher(Pattern));
  return {
    ...criteria,
    letsThrough: (record: StreamRecord) => tests.length === 0 || tests.some((test) => test(record)),
  };
}
