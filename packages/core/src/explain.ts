import {
  all,
  canPass,
  decide,
  keyFilter,
  nodeOf,
  printFilter,
  type StreamRecord,
  tableOfModel,
} from '@sluice/filters';
import type { Route } from './route.js';
import type { Router } from './router.js';

/** What a record means to one route. */
export interface Explanation {
  readonly routeId: string;
  /** `unjudged`: the filter cannot judge the record, which fails in this route. `excluded`: another one of its group runs. */
  readonly verdict: 'runs' | 'no match' | 'unjudged' | 'excluded';
  /** The test that decided, in words; of an unjudged one why it cannot be told, of an excluded one which route runs instead. */
  readonly because: string;
}

/**
 * Tells for each route, in order, whether it would run for a record and which test decided: for people and tools, not for
 * the way of a record. Nothing is run. What it says may hold values of filters, never those of the record.
 */
export function explain(router: Router, record: StreamRecord): readonly Explanation[] {
  const groups = new Map<string, string>();
  return router.routes.map((route) => {
    const explanation = { routeId: route.id, ...judge(route, router, record) };
    const { id, exclusive } = route;
    if (exclusive === undefined || explanation.verdict === 'no match') return explanation;
    const first = groups.get(exclusive);
    if (first !== undefined) {
      return {
        routeId: id,
        verdict: 'excluded',
        because: `${first} comes first in the group "${exclusive}"`,
      };
    }
    groups.set(exclusive, id);
    return explanation;
  });
}

function judge(route: Route, router: Router, record: StreamRecord): Omit<Explanation, 'routeId'> {
  const { name } = tableOfModel(route.model);
  const table = router.tables.find(({ model }) => model.name === name);
  if (!table?.matches(record.eventSourceARN)) {
    return { verdict: 'no match', because: `the record is not of table ${table?.text ?? name}` };
  }
  if (!route.events.includes(record.eventName)) {
    return {
      verdict: 'no match',
      because: `it is for ${route.events.join('/')}, not for ${record.eventName}`,
    };
  }
  const keys = keyFilter(route.model);
  try {
    const { passes, by } = decide(keys ? nodeOf(all(keys, route.when)) : route.when, record);
    return passes
      ? { verdict: 'runs', because: printFilter(route.when) }
      : { verdict: 'no match', because: `not so: ${printFilter(by)}` };
  } catch (error) {
    if (!canPass(route.filter, record.eventName)) {
      return { verdict: 'no match', because: `not so: ${printFilter(route.when)}` };
    }
    return { verdict: 'unjudged', because: error instanceof Error ? error.message : String(error) };
  }
}
