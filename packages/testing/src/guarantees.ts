import { eventIdOf, itemKeyOf, type StreamRecord } from '@sluice/core';

/**
 * Compares what handlers did with the records that were written. Whose handlers they are, and what delivered the records to them, plays
 * no part, so all are judged alike. Throws a `TypeError` where a sequence number is to name a record and two streams have it.
 *
 * @param records in the order of their writes.
 * @param effects in the order in which they happened.
 */
export function guarantees(
  records: readonly StreamRecord[],
  effects: readonly Effect[],
  expected: Expected,
): GuaranteesReport {
  const { handlers, setAside = [] } = expected;
  const written = records.map((record) => ({
    record,
    item: itemKeyOf(record),
    handlerIds: typeof handlers === 'function' ? handlers(record) : handlers,
  }));
  const placeOf = placesIn(records);
  const isExpected = (effect: Effect) =>
    written[placeOf(effect) ?? -1]?.handlerIds.includes(effect.handlerId) ?? false;
  const happened = effects
    .filter(isExpected)
    .map((effect): Placed => ({ handlerId: effect.handlerId, place: placeOf(effect) as number }));
  const times = timesOf(happened);
  const excused = new Set(
    setAside.flatMap((aside) => {
      const place = placeOf(aside);
      const handlerIds = aside.handlerId === undefined ? written[place ?? -1]?.handlerIds : [aside.handlerId];
      return place === undefined ? [] : (handlerIds ?? []).map((handlerId) => keyOf({ handlerId, place }));
    }),
  );
  const demanded = written.flatMap(({ handlerIds }, place) =>
    handlerIds.map((handlerId): Placed => ({ handlerId, place })),
  );
  const overtaken = overtakenIn(happened, written);

  return {
    lost: demanded.filter((pair) => !times.has(keyOf(pair)) && !excused.has(keyOf(pair))).map(named),
    repeated: demanded
      .filter((pair) => (times.get(keyOf(pair)) ?? 0) > 1)
      .map((pair) => ({ ...named(pair), times: times.get(keyOf(pair)) ?? 0 })),
    outOfOrder: overtaken.filter(({ isFirst }) => isFirst).map(namedWithAfter),
    backInTime: overtaken.filter(({ isFirst }) => !isFirst).map(namedWithAfter),
    unexpected: effects.filter((effect) => !isExpected(effect)),
  };

  function named({ handlerId, place }: Placed): HandledRecord {
    const { record, item } = written[place] as Written; // places come from these records
    return { handlerId, sequenceNumber: record.dynamodb.SequenceNumber, item };
  }

  function namedWithAfter({ latest, ...pair }: PlacedLate): Overtaken {
    return { ...named(pair), after: named({ ...pair, place: latest }).sequenceNumber };
  }
}

/** Which record it is: by its sequence number, or, where records of several streams are mixed, by core's `eventIdOf`. */
export type RecordName = { readonly sequenceNumber: string } | { readonly eventId: string };

/** A handler did with a record what is seen from outside; not that it was called. */
export type Effect = RecordName & { readonly handlerId: string };

export interface Expected {
  /** The ids of the handlers that have to act on each record, or on the given one. */
  readonly handlers: readonly string[] | ((record: StreamRecord) => readonly string[]);
  /**
   * What was parked, dropped or discarded, and so need not have had its effect; without `handlerId` for all handlers. Where it had
   * one after all, its order is judged as that of any other. None by default.
   */
  readonly setAside?: readonly (RecordName & { readonly handlerId?: string })[];
}

/** Each list is empty where its guarantee held. */
export interface GuaranteesReport {
  /** Had no effect, and was not set aside. */
  readonly lost: readonly HandledRecord[];
  /** Had its effect more than once. */
  readonly repeated: readonly (HandledRecord & { readonly times: number })[];
  /** First effects that came after the effect of a later change of their item, for the same handler. */
  readonly outOfOrder: readonly Overtaken[];
  /** Repeats that did: whoever looked then saw the item go back in time. */
  readonly backInTime: readonly Overtaken[];
  /** Effects of a record or handler that none was expected of. */
  readonly unexpected: readonly Effect[];
}

export interface HandledRecord {
  readonly handlerId: string;
  readonly sequenceNumber: string;
  /** Its item, as text of the keys. */
  readonly item: string;
}

export interface Overtaken extends HandledRecord {
  /** The sequence number of the item's latest change whose effect was there before. */
  readonly after: string;
}

/** A record is its place among the records here. */
interface Placed {
  readonly handlerId: string;
  readonly place: number;
}

interface PlacedLate extends Placed {
  readonly latest: number;
  readonly isFirst: boolean;
}

interface Written {
  readonly record: StreamRecord;
  readonly item: string;
}

function overtakenIn(happened: readonly Placed[], written: readonly Written[]): PlacedLate[] {
  const seen = new Set<string>();
  const latestOf = new Map<string, number>();
  return happened.flatMap((pair) => {
    const { handlerId, place } = pair;
    const { record, item } = written[place] as Written;
    const lane = JSON.stringify([handlerId, record.eventSourceARN, item]);
    const latest = Math.max(latestOf.get(lane) ?? place, place);
    latestOf.set(lane, latest);
    const isFirst = !seen.has(keyOf(pair));
    seen.add(keyOf(pair));
    return latest > place ? [{ ...pair, latest, isFirst }] : [];
  });
}

function timesOf(happened: readonly Placed[]): ReadonlyMap<string, number> {
  const times = new Map<string, number>();
  for (const pair of happened) times.set(keyOf(pair), (times.get(keyOf(pair)) ?? 0) + 1);
  return times;
}

function keyOf({ handlerId, place }: Placed): string {
  return `${place} ${handlerId}`;
}

/** Finds the place of a record by its name; identities are made only where one is asked for. */
function placesIn(records: readonly StreamRecord[]): (name: RecordName) => number | undefined {
  const streams = new Set(records.map(({ eventSourceARN }) => eventSourceARN));
  const bySequence = new Map(records.map(({ dynamodb }, place) => [dynamodb.SequenceNumber, place]));
  let byEvent: ReadonlyMap<string, number> | undefined;
  return (name) => {
    if ('eventId' in name) {
      byEvent ??= new Map(records.map((record, place) => [eventIdOf(record), place]));
      return byEvent.get(name.eventId);
    }
    if (streams.size > 1 && bySequence.size < records.length)
      throw new TypeError(
        'guarantees: two streams have the same sequence number. Give eventId: eventIdOf(record).',
      );
    return bySequence.get(name.sequenceNumber);
  };
}
