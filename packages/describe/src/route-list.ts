import { type EventName, type FailureAction, type Route, type Router, tableOfModel } from '@sluice/core';
import { type FilterNode, printFilter } from '@sluice/filters';

/** A route as JSON. */
export interface RouteEntry {
  readonly id: string;
  /** The table's real name, its ARN, or a pattern of either. */
  readonly table: string;
  /** The entity's name; left out where the route is of the whole table. */
  readonly entity?: string;
  readonly events: readonly EventName[];
  /** What the route adds to its model and events, in words. */
  readonly when: string;
  /** The whole condition as data: table, keys, events, and `when`. Of a `where` it has the description, not the function. */
  readonly filter: FilterNode;
  readonly order: number;
  /** The group of which the first that matches runs alone. */
  readonly exclusive?: string;
  /** Whether an event that is done is not run for it again, in no process. */
  readonly once: boolean;
  /** Whether it is folded over the changes of a tumbling window. */
  readonly window: boolean;
  /** The most changes that it takes at a time, where it takes them in groups. */
  readonly maxSize?: number;
  /** Its own policy; left out where it goes by the router's. `sent` says whether given-up changes go to a destination first. */
  readonly onFailure?: {
    readonly action: FailureAction;
    readonly attempts: number;
    readonly sent: boolean;
  };
}

/** The routes as plain data, in the order in which they run. */
export function routeList(router: Pick<Router, 'routes' | 'tables'>): readonly RouteEntry[] {
  return router.routes.map((route) => entryOf(route, router));
}

function entryOf(route: Route, { tables }: Pick<Router, 'tables'>): RouteEntry {
  const { id, model, events, when, filter, order, exclusive, once, window, maxSize, onFailure } = route;
  const { name } = tableOfModel(model);
  return {
    id,
    table: tables.find((one) => one.model.name === name)?.text ?? name,
    ...(model.kind === 'entity' && { entity: model.name }),
    events,
    when: printFilter(when),
    filter: filterData(filter),
    order,
    ...(exclusive !== undefined && { exclusive }),
    once: once !== undefined,
    window: window !== undefined,
    ...(maxSize !== undefined && { maxSize }),
    ...(onFailure && {
      onFailure: {
        action: onFailure.action,
        attempts: onFailure.attempts ?? 10,
        sent: onFailure.destination !== undefined,
      },
    }),
  };
}

/** A filter as JSON can have it: without functions. */
function filterData(filter: FilterNode): FilterNode {
  return JSON.parse(JSON.stringify(filter));
}
