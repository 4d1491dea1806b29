import {
  canPass,
  type EventName,
  type FilterNode,
  imagesCarried,
  imagesRead,
  type Model,
  tableOfModel,
} from '@sluice/filters';
import type { StandardSchemaV1 } from '@standard-schema/spec';
import { type FailurePolicy, givingUp, policyOf } from './failure.js';
import { type Route, routeKinds } from './route.js';
import type { RouterOptions } from './router.js';
import { imagesToValidate, needsValidation } from './validate.js';
import type { WindowFold } from './window.js';

export const noRoutes = 'there are no routes; give createRouter at least one';

/** Something that may not be, and the sentence that tells it: what was expected, what came, what to do. */
type Check = readonly [isSo: unknown, sentence: string];

/** Everything that is wrong with a list of routes, one sentence each; empty when nothing is. */
export function problemsOf(routes: readonly Route[], options: RouterOptions): readonly string[] {
  const names = options.ledger ? [options.name ?? '', ...routes.map(({ id }) => id)] : [];
  return sentencesOf([
    ...[...Map.groupBy(routes, ({ id }) => id)].map(sharedId),
    ...[...Map.groupBy(routes, ({ model }) => tableOfModel(model).name)].map(differentTables),
    ...routes.flatMap((route) => [
      ...ofRoute(route),
      ...(route.window ? ofWindow(route, route.window) : ofFailure(route, options)),
    ]),
    ...names.map(ledgerKey),
  ]);
}

/** What is wrong with the rest of the options, of which a compiler has checked most. */
export function problemsOfOptions(options: RouterOptions): readonly string[] {
  const { concurrency = 10, order = 'strict', middleware = {}, ledger, name } = options;
  return sentencesOf([
    ...[options.routes].flat().map(notARoute),
    ...Object.keys(middleware).map((level) =>
      oneOf('a level of middleware', level, ['batch', 'record', 'handler']),
    ),
    oneOf('order', order, ['strict', 'lanes']),
    oneOf('unknownTable', options.unknownTable ?? 'fail', ['fail', 'skip']),
    wholeNumber('concurrency', concurrency),
    [ledger && typeof ledger.open !== 'function', 'ledger is no ledger; give createLedger(store)'],
    [ledger && !name, 'there is a ledger but no name; give the router one that stays the same'],
    ...ofPolicy('onFailure', policyOf(options.onFailure), options),
  ]);
}

function sentencesOf(checks: readonly Check[]): readonly string[] {
  return checks.flatMap(([isSo, sentence]) => (isSo ? [sentence] : []));
}

function oneOf(what: string, value: unknown, known: readonly unknown[]): Check {
  return [!known.includes(value), `${what} is ${value}; give ${known.join(', ')}`];
}

function wholeNumber(what: string, value: number): Check {
  return [!(Number.isInteger(value) && value > 0), `${what} is ${value}; give a whole number from 1 up`];
}

function notARoute(entry: unknown): Check {
  return [
    typeof entry !== 'object',
    `routes holds ${typeof entry === 'function' ? entry.name : typeof entry}; make routes of classes with fromClasses()`,
  ];
}

function sharedId([id, { length }]: readonly [string, readonly Route[]]): Check {
  return [length > 1, `${length} handlers have the id "${id}"; give each its own`];
}

function differentTables([name, routes]: readonly [string, readonly Route[]]): Check {
  const descriptions = routes.map(({ model }) => {
    const { view, keys, ttl } = tableOfModel(model);
    return JSON.stringify([view, keys.partition, keys.sort, ttl]);
  });
  return [
    new Set(descriptions).size > 1,
    `table "${name}" is described with different keys, view or ttl; describe it once and share it`,
  ];
}

/** So that keys of the ledger's rows, with the router's name, a stream's ARN and a handler's id in them, fit into every store. */
const longestNameBytes = 500;

function ledgerKey(name: string): Check {
  return [
    !name.isWellFormed() || Buffer.byteLength(name) > longestNameBytes,
    `the name or id "${name.slice(0, 40)}" fits into no ledger; give at most ${longestNameBytes} bytes of UTF-8`,
  ];
}

function ofRoute({ id, model, events, filter, order, maxSize = 1 }: Route): readonly Check[] {
  const known = events.filter((event) => routeKinds.on.events.includes(event));
  const possible = known.filter((event) => canPass(filter, event));
  return [
    [!id, 'a route has no id; give it one that stays the same'],
    ...events.map((event) => oneOf(`an event of ${id}`, event, routeKinds.on.events)),
    [!Number.isFinite(order), `the order of ${id} is ${order}; give a finite number`],
    wholeNumber(`the maxSize of ${id}`, maxSize),
    [!events[0], `${id} names no events; give it some`],
    [
      known[0] && !possible[0],
      `${id} would never run: no record of [${events}] passes its filter, where an INSERT has no old values and a REMOVE no new ones`,
    ],
    ...possible.flatMap((event) => missingImages(id, model, filter, event)),
  ];
}

function missingImages(id: string, model: Model, filter: FilterNode, event: EventName): readonly Check[] {
  const { name, view } = tableOfModel(model);
  const carried = imagesCarried(view, event);
  const read = [
    ...imagesRead(filter, event),
    ...(needsValidation(model) ? imagesToValidate(model, event) : []),
  ];
  return [...new Set(read)].map((image) => [
    !carried.has(image),
    `the filter or schema of ${id} reads the ${image} of ${event} records, but the view of table "${name}" is ${view}; ` +
      "use NEW_AND_OLD_IMAGES on the table and here, another filter, or validate: 'none'",
  ]);
}

function ofWindow(
  { id, model, order, exclusive, once, onFailure }: Route,
  { state }: WindowFold,
): readonly Check[] {
  return [
    [
      order !== 0 || exclusive !== undefined || once || onFailure,
      `${id} is a window route, which has no order, exclusive, once or onFailure; leave them out`,
    ],
    [
      parksInvalid(model),
      `${id} is a window route, which parks no items that do not fit; give onInvalid 'fail' or 'skip'`,
    ],
    [!takesNothing(state), `the state of ${id} takes no {}, with which a window begins; give it defaults`],
  ];
}

/** As far as it can be told at once. */
function takesNothing(schema: StandardSchemaV1): boolean {
  try {
    const result = schema['~standard'].validate({});
    if (!('then' in result)) return !result.issues;
    result.then(undefined, () => undefined); // it will say so again
    return true;
  } catch {
    return false;
  }
}

/** What of a route needs a ledger that is not there, or goes by a policy that cannot be. */
function ofFailure({ id, model, once, onFailure }: Route, options: RouterOptions): readonly Check[] {
  const action = givingUp(onFailure ?? policyOf(options.onFailure), options)?.action ?? 'block';
  const { inProgress = 'wait' } = once ?? {};
  return [
    ...ofPolicy(`onFailure of ${id}`, onFailure, options),
    [once && typeof once !== 'object', `once of ${id} is ${once}; give true or { inProgress }`],
    oneOf(`inProgress in once of ${id}`, inProgress, ['wait', 'later']),
    [once && !options.ledger, `${id} is to run once, which needs a ledger; give createRouter one`],
    [
      parksInvalid(model) && !isParking(action),
      `${id} is to park items that do not fit ${model.name}, but its onFailure is ${action}; give 'park-record' or 'park-item'`,
    ],
  ];
}

function ofPolicy(
  whose: string,
  policy: FailurePolicy | undefined,
  { ledger, lane }: RouterOptions,
): readonly Check[] {
  if (!policy) return [];
  const { action, attempts = 10, destination } = policy;
  return [
    ...Object.keys(policy).map((name) =>
      oneOf(`an option in ${whose}`, name, ['action', 'attempts', 'destination']),
    ),
    oneOf(whose, action, ['block', 'park-record', 'park-item', 'drop']),
    [
      isParking(action) && !ledger,
      `${whose} is ${action}, which needs a ledger; give createRouter one, or 'block' or 'drop'`,
    ],
    [
      action === 'park-item' && lane === 'unordered',
      `${whose} is park-item, but lane is unordered; give 'park-record' or another lane`,
    ],
    wholeNumber(`attempts in ${whose}`, attempts),
    [
      destination !== undefined && (action !== 'drop' || typeof destination !== 'function'),
      `${whose} is ${action} with a destination of type ${typeof destination}; give drop with a function`,
    ],
  ];
}

function parksInvalid(model: Model): boolean {
  return model.kind === 'entity' && model.onInvalid === 'park';
}

function isParking(action: string): boolean {
  return action === 'park-item' || action === 'park-record';
}
