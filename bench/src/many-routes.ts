import {
  createRouter,
  type EventName,
  type Route,
  type Router,
  route,
  type StreamRecord,
  table,
} from '@sluice/core';
import { type LambdaEvent, recordsOf } from '@sluice/testing';

/** 20 tables × 3 events × a literal of each route's own, which is its id. */
export function manyRoutes(count: number, of: readonly Numbered[] = tables): readonly Route[] {
  return Array.from({ length: count }, (_, index) => {
    const model = of[index % of.length] as Numbered;
    const event = events[Math.floor(index / of.length) % events.length] as EventName;
    const id = `kind-${index}`;
    const kind = model.attr('kind');
    const when = event === 'MODIFY' ? kind.to(id) : kind.is(id);
    return route.on(model, { id, events: [event], when }, () => undefined);
  });
}

const numbered = (number: number) => table(`table-${number}`, { keys: { partition: 'pk' } });
type Numbered = ReturnType<typeof numbered>;
const events: readonly EventName[] = ['MODIFY', 'INSERT', 'REMOVE'];
export const tables: readonly Numbered[] = Array.from({ length: 20 }, (_, number) => numbered(number));

export interface ManyRoutes {
  readonly router: Router;
  /** One route matches it: the last one that takes a MODIFY of table 0. */
  readonly matching: StreamRecord;
  readonly other: StreamRecord;
  /** 1000 records like `matching`. */
  readonly event: LambdaEvent;
}

export function routerOfMany(count: number, of: readonly Numbered[] = tables): ManyRoutes {
  const routes = manyRoutes(count, of);
  const last = routes.findLast(({ model, events }) => model.name === 'table-0' && events.includes('MODIFY'));
  const records = recordsOf({ table: 'table-0', keys: { partition: 'pk' } });
  const item = { pk: 'a', kind: 'before', total: 1, note: 'x'.repeat(400) };
  const toKind = (kind: string | undefined) => () => records.modify(item, { ...item, kind });
  const event = parsed({ Records: Array.from({ length: 1000 }, toKind(last?.id)) });
  const [other] = parsed([toKind('none')()]);
  const [matching] = event.Records;
  if (!matching || !other) throw new Error('There are records.');
  return { router: createRouter({ routes }), matching, other, event };
}

/** As Lambda hands it over. */
function parsed<T>(value: T): T {
  return JSON.parse(JSON.stringify(value)) as T;
}
