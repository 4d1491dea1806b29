import type { Route, RoutedTable, Router } from '@sluice/core';
import {
  all,
  canPass,
  type EventName,
  eventName,
  keyFilter,
  nodeOf,
  printFilter,
  tableOfModel,
} from '@sluice/filters';
import { type Alternatives, allOf, type Conjunction, keyOf, tidy } from './conjunction.js';
import { allEvents, type EventMarks, eventMarks, eventsPass } from './event-presence.js';
import { fitting } from './fitting.js';
import { maybeSameStream } from './same-stream.js';
import { superset } from './superset.js';

export interface CriteriaOptions {
  /** How many filters a mapping may have: 5, or up to 10 where AWS has raised the quota. 5 by default. */
  readonly maxFilters?: number;
  /**
   * Whether patterns may also test `eventName` and `userIdentity`, beside the `dynamodb` key. `false` by default: AWS's page on
   * DynamoDB promises `dynamodb` alone.
   */
  readonly metadata?: boolean;
}

export interface TableCriteria {
  /** The table as its routes mean it: a name, an ARN, or a pattern of either. */
  readonly table: string;
  /** The routes whose records have to come through, in their order. */
  readonly routeIds: readonly string[];
  /** What AWS calls `FilterCriteria.Filters`; none where every record has to come through. */
  readonly filters: readonly { readonly Pattern: string }[];
  /** The conditions that are left to the router, as the patterns let records through that do not pass them. */
  readonly notPushedDown: readonly NotPushedDown[];
}

export interface NotPushedDown {
  readonly routeId: string;
  /** In the words of `printFilter`. */
  readonly condition: string;
  /** A part of a sentence, `it compares the two images`, or several, with semicolons between them. */
  readonly reason: string;
}

/**
 * The narrowest filter criteria that still let through every record that a route of a table wants, window routes too: each such
 * record passes one of the patterns, if it has the keys and the images that `table(…)` says. Routes of another table count where a
 * stream can be of both. Throws a `RangeError` for `maxFilters` that are not 1 to 10.
 * Source: https://docs.aws.amazon.com/lambda/latest/dg/invocation-eventfiltering.html
 */
export function filterCriteria(
  router: Pick<Router, 'routes' | 'tables'>,
  { maxFilters = 5, metadata = false }: CriteriaOptions = {},
): readonly TableCriteria[] {
  if (!(Number.isInteger(maxFilters) && maxFilters >= 1 && maxFilters <= 10)) {
    throw new RangeError(`maxFilters is ${maxFilters}; give 1 to 10, as many as your quota has.`);
  }
  return router.tables.map(({ text }) => {
    const tables = router.tables.filter((table) => maybeSameStream(table.text, text));
    return { table: text, ...criteriaOf(router.routes, tables, { maxFilters, metadata }) };
  });
}

type Settings = Required<CriteriaOptions>;

function criteriaOf(
  allRoutes: readonly Route[],
  tables: readonly RoutedTable[],
  settings: Settings,
): Omit<TableCriteria, 'table'> {
  const names = new Set(tables.map(({ model }) => model.name));
  const routes = allRoutes.filter(({ model }) => names.has(tableOfModel(model).name));
  const marks = eventMarks(tables.map(({ model }) => model));
  const told = new Map<string, Omit<NotPushedDown, 'reason'> & { readonly reasons: Set<string> }>();
  const tell = ({ routeId, condition, reason }: NotPushedDown) => {
    const key = JSON.stringify([routeId, condition]);
    const row = told.get(key) ?? { routeId, condition, reasons: new Set() };
    told.set(key, row);
    row.reasons.add(reason);
  };
  const alternatives = routes.map(
    (route) => [route.id, routeAlternatives(route, marks, settings, tell)] as const,
  );
  const { patterns, wider } = fitting(alternatives, anyEvent(routes, marks, settings), settings.maxFilters);
  for (const { id, filter } of routes) {
    const reason = wider.get(id);
    if (reason) tell({ routeId: id, condition: printFilter(filter), reason });
  }
  const positions = new Map(routes.map(({ id }, position) => [id, position]));
  const rows = Array.from(told.values(), ({ reasons, ...row }) => ({
    ...row,
    reason: [...reasons].join('; '),
  }));
  const position = ({ routeId }: NotPushedDown) => positions.get(routeId) ?? 0;
  return {
    routeIds: routes.map(({ id }) => id),
    filters: patterns.map((Pattern) => ({ Pattern })),
    notPushedDown: rows.sort((one, other) => position(one) - position(other)),
  };
}

/** What the records of a route pass. */
function routeAlternatives(
  route: Route,
  marks: EventMarks,
  { metadata }: Settings,
  tellRow: (row: NotPushedDown) => void,
): Alternatives {
  const keys = keyFilter(route.model);
  const filter = keys ? nodeOf(all(keys, route.when)) : route.when;
  const tell = (condition: string, reason: string) => tellRow({ routeId: route.id, condition, reason });
  const found = new Map<string, { readonly conjunction: Conjunction; readonly events: EventName[] }>();
  for (const event of eventsOf(route)) {
    for (const conjunction of superset(filter, { eventName: event, metadata, tell })) {
      const key = keyOf(conjunction);
      const same = found.get(key);
      if (same) same.events.push(event);
      else found.set(key, { conjunction, events: [event] });
    }
  }
  const ofEvents = Array.from(found.values(), ({ conjunction, events }) => {
    const { alternatives, isExact } = eventsPass(events, metadata ? 'eventName' : marks, conjunction);
    if (!isExact)
      tell(
        printFilter(eventName(...route.events)),
        'the images of the stream do not tell its events apart, and eventName is tested with metadata alone',
      );
    return allOf([[conjunction], alternatives], () => undefined);
  });
  return tidy(ofEvents.flat());
}

/** The events whose records can pass the route's filter. */
function eventsOf({ events, filter }: Route): readonly EventName[] {
  return allEvents.filter((event) => events.includes(event) && canPass(filter, event));
}

/** What is left where nothing else fits: records of the events that some route is for. */
function anyEvent(routes: readonly Route[], marks: EventMarks, { metadata }: Settings): Alternatives {
  const events = allEvents.filter((event) => routes.some((route) => eventsOf(route).includes(event)));
  return tidy(eventsPass(events, metadata ? 'eventName' : marks, new Map()).alternatives);
}
