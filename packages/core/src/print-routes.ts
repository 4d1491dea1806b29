import { printFilter, tableOfModel } from '@sluice/filters';
import type { Route } from './route.js';
import type { Router } from './router.js';

/** The route table as text, one line a route in the order in which they run: id, model, events, filter, options that are set, and whether it is of windows. */
export function printRoutes(router: Router): string {
  const rows = [['route', 'of', 'events', 'when', ''], ...router.routes.map((route) => rowOf(route, router))];
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

function rowOf(route: Route, router: Router): readonly string[] {
  const { id, model, events, when, order, exclusive, once, onFailure, window } = route;
  const { name } = tableOfModel(model);
  const table = router.tables.find((one) => one.model.name === name)?.text ?? name;
  const options = [
    order === 0 ? [] : `order ${order}`,
    exclusive === undefined ? [] : `exclusive ${exclusive}`,
    once ? 'once' : [],
    window ? 'window' : [],
    onFailure ? `${onFailure.action} after ${onFailure.attempts ?? 10}` : [],
  ];
  return [
    id,
    model.kind === 'table' ? table : `${model.name} in ${table}`,
    events.join('/'),
    printFilter(when),
    options.flat().join(', '),
  ];
}
