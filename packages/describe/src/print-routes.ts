import type { Router } from '@sluice/core';
import { type RouteEntry, routeList } from './route-list.js';

/** The route table as text, one line a route in the order in which they run: id, model, events, filter, options that are set, and whether it is of windows. */
export function printRoutes(router: Pick<Router, 'routes' | 'tables'>): string {
  const rows = [['route', 'of', 'events', 'when', ''], ...routeList(router).map(rowOf)];
  const widths = rows[0]?.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0))) ?? [];
  return rows
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

function rowOf(route: RouteEntry): readonly string[] {
  const { id, table, entity, events, when } = route;
  return [
    id,
    entity === undefined ? table : `${entity} in ${table}`,
    events.join('/'),
    when,
    optionsOf(route).join(', '),
  ];
}

/** The options that a route sets, in words. */
export function optionsOf({
  order,
  exclusive,
  once,
  window,
  maxSize,
  onFailure,
}: RouteEntry): readonly string[] {
  return [
    order === 0 ? [] : `order ${order}`,
    exclusive === undefined ? [] : `exclusive ${exclusive}`,
    once ? 'once' : [],
    window ? 'window' : [],
    maxSize === undefined ? [] : `groups of ${maxSize}`,
    onFailure ? `${onFailure.action} after ${onFailure.attempts}` : [],
  ].flat();
}
