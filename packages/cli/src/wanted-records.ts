import type { Router, StreamRecord } from '@sluice/core';
import { UsageError } from './errors.js';

type Wanted = (record: StreamRecord) => boolean;

/** Whether one of the key attributes is this text, in which `*` stands for any characters. */
export function hasKey(text: string): Wanted {
  const pieces = text.split('*').map((piece) => piece.replace(/[\\^$.+?()[\]{}|]/g, '\\$&'));
  const pattern = new RegExp(`^${pieces.join('.*')}$`, 's');
  return ({ dynamodb: { Keys } }) =>
    Object.values(Keys).some((value) => pattern.test(String(Object.values(value)[0])));
}

/** Whether a route would take the record. Throws `UsageError` where the router has no such route. */
export function goesTo(routeId: string, router: Router): Wanted {
  const ids = router.routes.map(({ id }) => id);
  if (!ids.includes(routeId)) {
    throw new UsageError(`there is no route "${routeId}"; the routes are ${ids.join(', ')}`);
  }
  return (record) => routesOf(router, record).includes(routeId);
}

/** The ids of the routes that would take the record, window routes last; none where it is of no table of theirs. */
export function routesOf(router: Router, record: StreamRecord): readonly string[] {
  if (!router.tables.some(({ matches }) => matches(record.eventSourceARN))) return [];
  return [...router.match(record), ...router.matchWindows(record)].map(({ route }) => route.id);
}
