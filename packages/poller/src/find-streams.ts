import {
  ConfigurationError,
  imagesCarried,
  type ListStreamsInput,
  type ListStreamsOutput,
  type RoutedTable,
  type Router,
  type StreamDescription,
  type StreamsApi,
  type TableModel,
} from '@sluice/core';
import { type Caller, calling } from './calling.js';
import { actionOn } from './on-error.js';

export interface Search extends Caller {
  readonly router: Pick<Router, 'tables' | 'unknownTable'>;
  readonly api: StreamsApi;
  /** Where the API is, for messages: ` in eu-west-1`; empty where nobody knows. */
  readonly place: string;
}

/** At start a service that cannot be reached is given up after so many calls: it may be the wrong place. One that throttles is there. */
const maxAttempts = 8;

/** What was looked for and found, each stream once. */
export interface StreamsFound {
  readonly streams: readonly StreamDescription[];
  /** Everything that is wrong with all of it. */
  readonly problems: readonly string[];
  /** What was not compared, as it was not told; nothing is known to be wrong with that. */
  readonly notes: readonly string[];
}

/**
 * The ARNs of the streams to read, each once: of tables by their names, the stream that is enabled; or as given by ARN.
 * Throws `ConfigurationError` with everything that is wrong with all of them.
 */
export async function findStreams(streams: readonly string[], search: Search): Promise<readonly string[]> {
  const found = await lookFor(streams, search);
  if (found.problems.length > 0) throw new ConfigurationError(found.problems);
  return found.streams.map(({ StreamArn }) => StreamArn);
}

export async function lookFor(streams: readonly string[], search: Search): Promise<StreamsFound> {
  const answers = await Promise.all(streams.map((stream) => answerFor(stream, search)));
  const problems = answers.flatMap((answer) =>
    answer.stream ? problemsWith(answer.stream, search.router) : answer.problems,
  );
  const byArn = new Map(answers.flatMap(({ stream }) => (stream ? [[stream.StreamArn, stream]] : [])));
  const found = [...byArn.values()];
  const notes = found.flatMap((stream) => notCompared(stream, search.router));
  return { streams: found, problems: [...new Set(problems)], notes: [...new Set(notes)] };
}

/** The stream, or why there is none. */
type Answer =
  | { readonly stream: StreamDescription }
  | { readonly stream?: undefined; readonly problems: readonly string[] };

async function answerFor(stream: string, search: Search): Promise<Answer> {
  try {
    const known = search.router.tables.find(({ model }) => model.name === stream);
    if (!known && stream.startsWith('arn:')) return await byArn(stream, search);
    const table = known ? nameOf(known) : stream;
    if (table !== undefined) return await byTable(table, search);
    return {
      problems: [
        `"${stream}" stands for every table that is like its pattern; give the names or stream ARNs of those to read`,
      ],
    };
  } catch (error) {
    return { problems: [couldNotLook(stream, error, search)] };
  }
}

/** Throws where nothing more is to be looked for. */
export function couldNotLook(stream: string, error: unknown, { stopping, place }: Search): string {
  stopping.throwIfAborted();
  const { name, message } = error instanceof Error ? error : { name: 'Error', message: String(error) };
  return `could not look for "${stream}"${place}: ${name}: ${message}`;
}

/** The one real table that routes mean; nothing for a pattern. */
export function nameOf({ name, text }: RoutedTable): string | undefined {
  return name ?? (text.includes('*') ? undefined : text.split('/')[1]);
}

async function byArn(arn: string, search: Search): Promise<Answer> {
  const stream = await describe(arn, search);
  return stream ? { stream } : { problems: [`there is no stream ${arn}${search.place}`] };
}

async function byTable(table: string, search: Search): Promise<Answer> {
  const found = await Promise.all((await streamArnsOf(table, search)).map((arn) => describe(arn, search)));
  const streams = found.filter((stream) => stream !== undefined);
  const readable = streams.filter(
    ({ StreamStatus }) => StreamStatus === 'ENABLED' || StreamStatus === 'ENABLING',
  );
  const newest = readable.reduce<StreamDescription | undefined>(
    (one, other) => (one && one.StreamLabel > other.StreamLabel ? one : other),
    undefined,
  );
  if (newest) {
    tellOfOlder(streams, newest, search);
    return { stream: newest };
  }
  const { StreamStatus, StreamArn } = streams.at(-1) ?? {};
  const state = StreamArn
    ? `the stream of table "${table}"${search.place} is ${StreamStatus}; to read what it still holds, give its ARN, ${StreamArn}; to go on, enable it again`
    : `table "${table}" has no stream${search.place}: there is no such table there, or its stream is not enabled; check name, region and endpoint, or enable it`;
  return {
    problems: [
      `${state}: UpdateTable with StreamSpecification { ${specificationFor(table, search.router)} }`,
    ],
  };
}

function tellOfOlder(
  streams: readonly StreamDescription[],
  newest: StreamDescription,
  { logger }: Search,
): void {
  const older = streams.flatMap(({ StreamArn }) => (StreamArn === newest.StreamArn ? [] : StreamArn));
  if (older.length === 0) return;
  logger.warn(
    { streamArn: newest.StreamArn, older },
    'the table has older streams too, and by its name only the newest is read; for what is unread in them, give their ARNs',
  );
}

function specificationFor(name: string, router: Search['router']): string {
  const view = router.tables.find((table) => nameOf(table) === name)?.model.view ?? 'NEW_AND_OLD_IMAGES';
  return `StreamEnabled: true, StreamViewType: '${view}'`;
}

async function streamArnsOf(table: string, search: Search): Promise<readonly string[]> {
  const streams = await listStreams({ TableName: table }, `Listing the streams of ${table}`, search);
  return streams.map(({ StreamArn }) => StreamArn);
}

/** All of one table, or of all there are. */
export async function listStreams(
  of: ListStreamsInput,
  what: string,
  search: Search,
): Promise<ListStreamsOutput['Streams']> {
  const streams: ListStreamsOutput['Streams'][number][] = [];
  let after: string | undefined;
  do {
    const input = { ...of, ...(after !== undefined && { ExclusiveStartStreamArn: after }) };
    const page = await unlessGone(
      calling(what, () => search.api.listStreams(input, search.stopping), search, maxAttempts),
    );
    streams.push(...(page?.Streams ?? []));
    after = page?.LastEvaluatedStreamArn;
  } while (after !== undefined);
  return streams;
}

async function describe(StreamArn: string, search: Search): Promise<StreamDescription | undefined> {
  const call = () => search.api.describeStream({ StreamArn }, search.stopping);
  return unlessGone(calling(`Describing ${StreamArn}`, call, search, maxAttempts));
}

async function unlessGone<T>(call: Promise<T>): Promise<T | undefined> {
  return call.catch((error: unknown) => {
    if (actionOn(error) === 'gone') return undefined;
    throw error;
  });
}

/** What is wrong with reading this stream for these routes. */
function problemsWith(stream: StreamDescription, router: Search['router']): readonly string[] {
  const { StreamArn, TableName } = stream;
  const tables = router.tables.filter((table) => table.matches(StreamArn));
  if (tables.length === 0) {
    if (router.unknownTable === 'skip') return [];
    const names = router.tables.map(({ text }) => text).join(', ');
    return [
      `no route names table "${TableName}" of ${StreamArn}; the routes name ${names}. Take the stream away, give the table's real name in table(…), or set unknownTable: 'skip'`,
    ];
  }
  return tables.flatMap(({ model }) => lacking(stream, model));
}

function lacking(stream: StreamDescription, { view, keys }: TableModel): readonly string[] {
  const { TableName, StreamViewType, KeySchema } = stream;
  const problems: string[] = [];
  // A MODIFY has both images, so it shows all that a view type carries.
  const carried = imagesCarried(StreamViewType, 'MODIFY');
  const missing = [...imagesCarried(view, 'MODIFY')].filter((image) => !carried.has(image));
  if (missing.length > 0) {
    problems.push(
      `the stream of table "${TableName}" carries ${StreamViewType}, without ${missing.join(' and ')}, but the routes are written for ${view}; ` +
        `a stream's view type cannot be changed: disable it, let it be read to its end, and enable it again with StreamViewType: '${view}', or change view in table(…)`,
    );
  }
  const [partition, sort] = ['HASH', 'RANGE'].map(
    (type) => KeySchema?.find(({ KeyType }) => KeyType === type)?.AttributeName,
  );
  if (KeySchema && (partition !== keys.partition || sort !== keys.sort)) {
    problems.push(
      `the keys of table "${TableName}" are ${keysInWords({ partition, sort })}, but the routes are written for ${keysInWords(keys)}; give table(…, { keys }) the real ones`,
    );
  }
  return problems;
}

/** Emulators leave keys out. */
function notCompared({ StreamArn, TableName, KeySchema }: StreamDescription, router: Search['router']) {
  if (KeySchema || !router.tables.some(({ matches }) => matches(StreamArn))) return [];
  return [`keys of table "${TableName}" were not compared: the endpoint does not tell them`];
}

function keysInWords(keys: {
  readonly partition?: string | undefined;
  readonly sort?: string | undefined;
}): string {
  return Object.entries(keys)
    .flatMap(([kind, name]) => (name === undefined ? [] : `${kind}: '${name}'`))
    .join(', ');
}
