import {
  canPass,
  type EntityModel,
  type EventName,
  imagesCarried,
  imagesRead,
  printFilter,
  tableOfModel,
} from '@sluice/filters';
import { givingUp, policyOf, problemsOfPolicy } from './failure.js';
import type { Route } from './route.js';
import type { RouterOptions } from './router.js';
import { imagesToValidate, needsValidation } from './validate.js';

export const noRoutes =
  'there are no routes; give createRouter at least one, or fromClasses a class with an @On… method';

/** Everything that is wrong with a list of routes, one sentence each; empty when nothing is. */
export function problemsOf(routes: readonly Route[], options: RouterOptions): readonly string[] {
  return [
    ...duplicateIds(routes),
    ...differentTables(routes),
    ...routes.flatMap(ofRoute),
    ...routes.flatMap((route) => ofFailure(route, options)),
    ...(options.ledger ? [options.name ?? '', ...routes.map(({ id }) => id)].flatMap(ofLedgerKey) : []),
  ];
}

/** What is wrong with the rest of the options: with most of it where no compiler has checked them. */
export function problemsOfOptions(options: RouterOptions): readonly string[] {
  const { concurrency = 10, order = 'strict', unknownTable = 'fail', middleware = {} } = options;
  const levels = Object.keys(middleware).filter((level) => !['batch', 'record', 'handler'].includes(level));
  const others = [options.routes].flat().filter((entry) => typeof entry !== 'object');
  return [
    ...others.map((entry) => `routes holds ${nameOf(entry)}; make routes of classes with fromClasses([…])`),
    ...levels.map((level) => `middleware has "${level}"; give lists of layers for batch, record and handler`),
    ...(order === 'strict' || order === 'lanes' ? [] : [`order is ${order}; give 'strict' or 'lanes'`]),
    ...(unknownTable === 'fail' || unknownTable === 'skip'
      ? []
      : [`unknownTable is ${unknownTable}; give 'fail' or 'skip'`]),
    ...ofLedger(options),
    ...(Number.isInteger(concurrency) && concurrency >= 1
      ? []
      : [`concurrency is ${concurrency}; give a whole number from 1 up`]),
  ];
}

function ofLedger(options: RouterOptions): readonly string[] {
  const { ledger, name } = options;
  const policy = policyOf(options.onFailure);
  const isLedger = ledger === undefined || typeof ledger.open === 'function';
  return [
    ...(isLedger ? [] : ['ledger is none; give createLedger(store) of @sluice/ledger, not the store itself']),
    ...(ledger && !name
      ? [
          'there is a ledger but no name; give a name that stays the same, by which the ledger keeps what is done',
        ]
      : []),
    ...(policy ? problemsOfPolicy(policy, options).map((problem) => `onFailure ${problem}`) : []),
  ];
}

/** So that keys of the ledger's rows, with the router's name, a stream's ARN and a handler's id in them, fit into every store. */
const longestNameBytes = 500;

function ofLedgerKey(name: string): readonly string[] {
  const isPossible = name.isWellFormed() && Buffer.byteLength(name) <= longestNameBytes;
  const shown = JSON.stringify(name.slice(0, 40));
  return isPossible
    ? []
    : [
        `the name or id that begins with ${shown} is no part of a ledger's key; give one of at most ${longestNameBytes} bytes of UTF-8`,
      ];
}

/** What of a route needs a ledger that is not there, or goes by a policy that cannot be. */
function ofFailure(route: Route, options: RouterOptions): readonly string[] {
  const { ledger, onFailure } = options;
  const { id, model, once } = route;
  const problems = route.onFailure
    ? problemsOfPolicy(route.onFailure, options).map((problem) => `the onFailure of ${id} ${problem}`)
    : [];
  if (once && !ledger) problems.push(`${id} is to run once, which needs a ledger; give createRouter one`);
  if (once !== undefined && typeof once !== 'object') {
    problems.push(`${id} has once as ${JSON.stringify(once)}; give true, or { inProgress }`);
  } else if (once?.inProgress !== undefined && once.inProgress !== 'wait' && once.inProgress !== 'later') {
    problems.push(`${id} has the inProgress ${once.inProgress}; give 'wait' or 'later'`);
  }
  const action = givingUp(route.onFailure ?? policyOf(onFailure), options)?.action;
  if (model.kind === 'entity' && model.onInvalid === 'park' && !action?.startsWith('park')) {
    problems.push(
      `${id} is to park items that do not fit ${model.name}, but its onFailure is ${action ?? "'block'"}; give it 'park-record' or 'park-item'`,
    );
  }
  return problems;
}

function nameOf(entry: unknown): string {
  return typeof entry === 'function' ? `the class or function ${entry.name}` : `a ${typeof entry}`;
}

function duplicateIds(routes: readonly Route[]): readonly string[] {
  const counts = Map.groupBy(routes, ({ id }) => id);
  return [...counts].flatMap(([id, same]) =>
    same.length > 1
      ? [`${same.length} handlers have the id "${id}"; ids tell their work apart, so give each its own`]
      : [],
  );
}

function differentTables(routes: readonly Route[]): readonly string[] {
  const byName = Map.groupBy(new Set(routes.map(({ model }) => tableOfModel(model))), ({ name }) => name);
  return [...byName].flatMap(([name, tables]) =>
    new Set(tables.map(({ view, keys, ttl }) => JSON.stringify([view, keys.partition, keys.sort, ttl])))
      .size > 1
      ? [
          `table "${name}" is described ${tables.length} times with different keys, view or ttl; describe it once and share it`,
        ]
      : [],
  );
}

function ofRoute(route: Route): readonly string[] {
  const unknown = route.events.filter(
    (event) => event !== 'INSERT' && event !== 'MODIFY' && event !== 'REMOVE',
  );
  if (unknown.length > 0)
    return [`${route.id} is for ${unknown.join(' and ')}; give events of INSERT, MODIFY and REMOVE`];
  const problems: string[] = [];
  const possible = route.events.filter((event) => canPass(route.filter, event));
  if (!Number.isFinite(route.order))
    problems.push(`${route.id} has the order ${route.order}; give a finite number`);
  const { maxSize = 1 } = route;
  if (!Number.isInteger(maxSize) || maxSize < 1)
    problems.push(`${route.id} has the maxSize ${maxSize}; give a whole number from 1 up`);
  if (!route.id) problems.push('a route has no id; give it one that stays the same across releases');
  if (route.events.length === 0) problems.push(`${route.id} names no events`);
  else if (possible.length === 0) {
    problems.push(
      `${route.id} would never run: no ${route.events.join(' or ')} record passes its filter (${printFilter(route.when)}). ` +
        'An INSERT has no old values, a REMOVE no new ones, only a REMOVE is by TTL or a user, and a value that stays the same has not changed',
    );
  }
  return [...problems, ...possible.flatMap((event) => missingImages(route, event))];
}

function missingImages(route: Route, event: EventName): readonly string[] {
  const { name, view } = tableOfModel(route.model);
  const carried = imagesCarried(view, event);
  const lacking = [...imagesRead(route.filter, event)].filter((image) => !carried.has(image));
  const problems = lacking.map(
    (image) =>
      `${route.id} reads the ${image} of ${event} records (${printFilter(route.when)}), but table "${name}" is described with view ${view}, ` +
      'which has none; use NEW_AND_OLD_IMAGES on the table and here, or another filter',
  );
  return needsValidation(route.model)
    ? [...problems, ...missingToValidate(route.model, event, route.id)]
    : problems;
}

function missingToValidate(model: EntityModel, event: EventName, id: string): readonly string[] {
  const { name, view } = model.table;
  const carried = imagesCarried(view, event);
  return imagesToValidate(model, event)
    .map((image) => (image === 'new' ? 'NewImage' : 'OldImage'))
    .filter((image) => !carried.has(image))
    .map(
      (image) =>
        `${id} validates the ${image} of ${event} records by the schema of ${model.name}, but table "${name}" is described with ` +
        `view ${view}, which has none; use a view with it, or validate: 'none'`,
    );
}
