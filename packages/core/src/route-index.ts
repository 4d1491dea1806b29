import {
  all,
  canPass,
  type EventName,
  filterIndex,
  keyFilter,
  nodeOf,
  type StreamRecord,
  tableOfModel,
} from '@sluice/filters';
import { failed } from './outcome.js';
import type { CompiledRoute } from './router.js';
import type { RoutedTable } from './tables.js';

/**
 * Compiles routes into an index on table, event name and literals: what a record costs does not grow with the number of
 * routes that ask for other ones. The routes of a record come in the order of the list, of an exclusive group the first
 * alone. A route whose filter cannot judge the record is among them, and fails when it is run: nobody knows that it does
 * not match. For the records of a stream of no table there is what `unknown` gives, unless it throws.
 */
export function routeIndex(
  routes: readonly CompiledRoute[],
  tables: readonly RoutedTable[],
  unknown: (streamArn: string) => readonly CompiledRoute[],
): (record: StreamRecord) => readonly CompiledRoute[] {
  const ofNames = new Map<string, ByEvent>();
  for (const table of tables) ofAll([table]);
  const ofStream = new Map<string, ByEvent>();
  return (record) => {
    const streamArn = record.eventSourceARN;
    let found = ofStream.get(streamArn);
    if (!found) {
      const matching = tables.filter((table) => table.matches(streamArn));
      found = matching.length > 0 ? ofAll(matching) : always(unknown(streamArn));
      ofStream.set(streamArn, found);
    }
    return found[record.eventName](record);
  };

  /** Patterns may overlap: then the routes of all of them are meant, in their common order. */
  function ofAll(matching: readonly RoutedTable[]): ByEvent {
    const names = matching.map(({ model }) => model.name);
    const key = JSON.stringify(names);
    const found =
      ofNames.get(key) ??
      byEvent(routes.filter(({ route }) => names.includes(tableOfModel(route.model).name)));
    ofNames.set(key, found);
    return found;
  }
}

function always(routes: readonly CompiledRoute[]): ByEvent {
  const find = () => routes;
  return { INSERT: find, MODIFY: find, REMOVE: find };
}

type ByEvent = Readonly<Record<EventName, (record: StreamRecord) => readonly CompiledRoute[]>>;

function byEvent(routes: readonly CompiledRoute[]): ByEvent {
  return {
    INSERT: indexOf(routes, 'INSERT'),
    MODIFY: indexOf(routes, 'MODIFY'),
    REMOVE: indexOf(routes, 'REMOVE'),
  };
}

function indexOf(routes: readonly CompiledRoute[], eventName: EventName): ByEvent[EventName] {
  const entries = routes.flatMap((compiled) => {
    const { route } = compiled;
    if (!route.events.includes(eventName) || !canPass(route.filter, eventName)) return [];
    const keys = keyFilter(route.model);
    return [{ filter: keys ? nodeOf(all(keys, route.when)) : route.when, value: compiled }];
  });
  const find = filterIndex(entries, eventName, (compiled, error) => ({
    ...compiled,
    run: async () => failed(error),
  }));
  const grouped = entries.some(({ value }) => value.route.exclusive !== undefined);
  return grouped ? (record) => firstOfGroups(find(record)) : find;
}

function firstOfGroups(routes: readonly CompiledRoute[]): readonly CompiledRoute[] {
  return routes.filter(
    ({ route: { exclusive } }, index) =>
      exclusive === undefined || routes.findIndex(({ route }) => route.exclusive === exclusive) === index,
  );
}
