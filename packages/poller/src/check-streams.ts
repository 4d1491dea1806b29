import { ConfigurationError, type Logger, type RoutedTable, type Router } from '@sluice/core';
import { sourceOf } from './aws-streams.js';
import {
  couldNotLook,
  listStreams,
  lookFor,
  nameOf,
  type Search,
  type StreamsFound,
} from './find-streams.js';
import type { SourceOptions } from './options.js';

export interface CheckStreamsOptions extends SourceOptions {
  /** Table names or stream ARNs, as for `poll`; by default all tables that routes name, of a pattern all that are like it. */
  readonly streams?: readonly string[] | undefined;
  /** When it aborts, nothing more is asked, and the check rejects with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
  /** The router's by default. */
  readonly logger?: Logger | undefined;
}

/**
 * Compares streams with the routes that are to read them, as `poll` does when it starts, and reads no record: there is a stream, it is
 * enabled, it carries the images of the routes' view, its table has the keys that they are written for. Resolves to the streams that
 * were found, those with problems among them, and to all that is wrong and what could not be compared, in sentences.
 */
export async function checkStreams(
  router: Pick<Router, 'tables' | 'unknownTable' | 'clock' | 'random' | 'logger'>,
  options: CheckStreamsOptions = {},
): Promise<StreamsFound> {
  const { clock, random, tables } = router;
  const { streams, signal = new AbortController().signal, logger = router.logger } = options;
  const { api, place, destroy } = sourceOf(options);
  try {
    // A table that is another one than its ARN says would be passed over otherwise.
    const unknownTable = streams ? router.unknownTable : 'fail';
    const search: Search = {
      router: { tables, unknownTable },
      api,
      clock,
      random,
      logger,
      stopping: signal,
      place: await place(),
    };
    return await (streams ? lookFor(streams, search) : lookForTables(tables, search));
  } catch (error) {
    if (error instanceof ConfigurationError) return { streams: [], problems: error.problems, notes: [] };
    throw error;
  } finally {
    destroy();
  }
}

async function lookForTables(tables: readonly RoutedTable[], search: Search): Promise<StreamsFound> {
  const patterns = tables.filter((table) => nameOf(table) === undefined);
  const likeThem = await Promise.all(patterns.map((table) => namesLike(table, search)));
  const named = tables.flatMap((table) => (nameOf(table) === undefined ? [] : table.model.name));
  const names = new Set([...named, ...likeThem.flatMap(({ names }) => names)]);
  const found = await lookFor([...names], search);
  return { ...found, problems: [...likeThem.flatMap(({ problems }) => problems), ...found.problems] };
}

/** The tables that have a stream, enabled or not, and are like a pattern. */
async function namesLike(table: RoutedTable, search: Search) {
  try {
    const all = await listStreams({}, 'Listing all streams', search);
    const names = all.flatMap(({ StreamArn, TableName }) => (table.matches(StreamArn) ? TableName : []));
    return {
      names,
      problems: names.length > 0 ? [] : [`no table like "${table.text}" has a stream${search.place}`],
    };
  } catch (error) {
    return { names: [], problems: [couldNotLook(table.text, error, search)] };
  }
}
