import { type Explanation, type Router, type StreamRecord, tableOfModel } from '@sluice/core';

/** The explanations of those routes that are of a record's own table, and in words how many others there are; none for none. */
export function withoutOtherTables(
  router: Router,
  { eventSourceARN }: Pick<StreamRecord, 'eventSourceARN'>,
  explanations: readonly Explanation[],
): { readonly own: readonly Explanation[]; readonly others: readonly string[] } {
  const ids = routesOfStream(router, eventSourceARN);
  const own = explanations.filter(({ routeId }) => ids.has(routeId));
  const count = explanations.length - own.length;
  if (count === 0) return { own, others: [] };
  return {
    own,
    others: [count === 1 ? '1 route is of another table' : `${count} routes are of other tables`],
  };
}

/** The ids of the routes that are of a stream's table, in their order. */
export function routesOfStream({ routes, tables }: Router, streamArn: string): ReadonlySet<string> {
  const names = tables.flatMap(({ model, matches }) => (matches(streamArn) ? model.name : []));
  return new Set(routes.flatMap(({ id, model }) => (names.includes(tableOfModel(model).name) ? id : [])));
}
