import {
  ConfigurationError,
  imagesCarried,
  type Router,
  type StreamDescription,
  type StreamsApi,
} from '@sluice/core';
import { type Caller, calling } from './calling.js';
import { actionOn } from './on-error.js';

export interface Search extends Caller {
  readonly router: Pick<Router, 'tables' | 'unknownTable'>;
  readonly api: StreamsApi;
  /** Where the API is, for messages: ` in eu-west-1`; empty where nobody knows. */
  readonly place: string;
}

/** At start a service that cannot be reached is tried for about half a minute. */
const maxAttempts = 8;

/**
 * The ARNs of the streams to read, each once: of tables by their names, the stream that is enabled; or as given by ARN.
 * Throws `ConfigurationError` with everything that is wrong with all of them.
 */
export async function findStreams(streams: readonly string[], search: Search): Promise<readonly string[]> {
  const answers = await Promise.all(streams.map((stream) => answerFor(stream, search)));
  const problems = answers.flatMap((answer) =>
    answer.stream ? problemsWith(answer.stream, search.router) : answer.problems,
  );
  if (problems.length > 0) throw new ConfigurationError([...new Set(problems)]);
  return [...new Set(answers.flatMap(({ stream }) => stream?.StreamArn ?? []))];
}

/** The stream, or why there is none. */
type Answer =
  | { readonly stream: StreamDescription }
  | { readonly stream?: undefined; readonly problems: readonly string[] };

async function answerFor(stream: string, search: Search): Promise<Answer> {
  try {
    return stream.startsWith('arn:') ? await byArn(stream, search) : await byTable(stream, search);
  } catch (error) {
    search.stopping.throwIfAborted();
    const { name, message } = error instanceof Error ? error : { name: 'Error', message: String(error) };
    return { problems: [`could not look for "${stream}"${search.place}: ${name}: ${message}`] };
  }
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
  const view = router.tables.find((table) => table.name === name)?.view ?? 'NEW_AND_OLD_IMAGES';
  return `StreamEnabled: true, StreamViewType: '${view}'`;
}

async function streamArnsOf(table: string, search: Search): Promise<readonly string[]> {
  const arns: string[] = [];
  let after: string | undefined;
  do {
    const input = { TableName: table, ...(after !== undefined && { ExclusiveStartStreamArn: after }) };
    const page = await unlessGone(
      calling(
        `Listing the streams of ${table}`,
        () => search.api.listStreams(input, search.stopping),
        search,
        maxAttempts,
      ),
    );
    arns.push(...(page?.Streams ?? []).map(({ StreamArn }) => StreamArn));
    after = page?.LastEvaluatedStreamArn;
  } while (after !== undefined);
  return arns;
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
  const { StreamArn, TableName, StreamViewType: view } = stream;
  const table = router.tables.find(({ name }) => name === TableName);
  if (!table) {
    if (router.unknownTable === 'skip') return [];
    const names = router.tables.map(({ name }) => name).join(', ');
    return [
      `no route names table "${TableName}" of ${StreamArn}; the routes name ${names}. Take the stream away, give the table's real name in table(…), or set unknownTable: 'skip'`,
    ];
  }
  // A MODIFY has both images, so it shows all that a view type carries.
  const carried = imagesCarried(view, 'MODIFY');
  const lacking = [...imagesCarried(table.view, 'MODIFY')].filter((image) => !carried.has(image));
  if (lacking.length === 0) return [];
  return [
    `the stream of table "${TableName}" carries ${view}, without ${lacking.join(' and ')}, but the routes are written for ${table.view}; ` +
      `a stream's view type cannot be changed: disable it, let it be read to its end, and enable it again with StreamViewType: '${table.view}', or change view in table(…)`,
  ];
}
