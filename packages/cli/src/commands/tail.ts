import {
  type EventName,
  type Logger,
  patternMatcher,
  type Router,
  SluiceError,
  type StreamDescription,
  type StreamRecord,
  systemClock,
  table,
} from '@sluice/core';
import { type CheckStreamsOptions, checkStreams } from '@sluice/poller';
import { Command, InvalidArgumentError, Option } from 'commander';
import type { CommandFile } from '../command.js';
import { followStream } from '../follow-stream.js';
import { loadRouter } from '../load-router.js';
import { loggerOn, tell } from '../logger-on.js';
import { wholeNumber } from '../options.js';
import { counted } from '../print.js';
import { printChange } from '../print-change.js';
import { visible } from '../print-value.js';
import { endpointOption, type Place, regionOption } from '../source-options.js';
import { goesTo, hasKey, routesOf } from '../wanted-records.js';
import type { World } from '../world.js';

interface Options extends Place {
  readonly route?: string;
  readonly event: readonly EventName[];
  readonly key?: string;
  readonly changed?: string;
  readonly pattern?: (record: StreamRecord) => boolean;
  readonly from: 'LATEST' | 'TRIM_HORIZON';
  readonly limit: number;
}

export const tail: CommandFile<Options> = {
  group: 'Try them',
  define: () =>
    new Command('tail')
      .description(
        'Show the changes of a table as they are written, each with what differs: + added, - removed, ~ changed. It reads the stream beside ' +
          'those who read it, of whom two at a time are advised, and keeps nothing. Ends with Ctrl-C. The items are printed, so mind who sees them. ' +
          'With --json each change is a line with its record, which explain and invoke read.',
      )
      .summary("Show a table's changes as they are written, old against new.")
      .argument('<table>', "the table's name, the name that the routes of --router use, or a stream's ARN")
      .option('--route <id>', 'only what this route of the router would take')
      .addOption(
        new Option('--event <names>', 'only these events: INSERT, MODIFY, REMOVE, with commas between')
          .argParser(eventNames)
          .default(allEvents, 'all'),
      )
      .option(
        '--key <text>',
        'only items with a key attribute that is this text; * stands for any characters',
      )
      .option(
        '--changed <path>',
        'only where this attribute changed, as status or address.city; an INSERT that brings it and a REMOVE that takes it change it too',
        path,
      )
      .option(
        '--pattern <json>',
        'only what this pattern of a FilterCriteria lets through, as {"dynamodb":{"NewImage":{"status":{"S":["PAID"]}}}}',
        pattern,
      )
      .addOption(
        new Option('--from <position>', 'what is written from now on, or all that the stream still holds')
          .choices(['LATEST', 'TRIM_HORIZON'])
          .default('LATEST'),
      )
      .addOption(
        new Option('--limit <n>', 'end after so many changes')
          .argParser(wholeNumber(1, 1_000_000))
          .default(Number.POSITIVE_INFINITY, 'none'),
      )
      .addOption(regionOption())
      .addOption(endpointOption()),
  examples: [
    ['tail shop', 'what changes from now on'],
    [
      'tail shop --from TRIM_HORIZON --changed status --limit 20',
      'the first 20 changes of a status that the stream has',
    ],
    [
      'tail shop --route order-mail.receipt --json > records.ndjson',
      'records to try with explain and invoke',
    ],
  ],
  async run({ args: [name = ''], options, world }) {
    const { event: events, changed, limit, from, region, endpoint, json } = options;
    const asked = options.route !== undefined || options.router !== undefined;
    const router = asked ? await loadRouter({ options, world }) : undefined;
    const tests = testsOf(options, router);
    const source = { region, endpoint, signal: world.interrupted(), logger: loggerOn(world) };
    const stream = await streamOf(name, router, source, world);
    const beginning = from === 'LATEST' ? 'from now on' : 'from its oldest record on';
    const shown = await followStream(stream, {
      ...source,
      events,
      changed,
      limit,
      startingPosition: from,
      wants: (record) => tests.every((test) => test(record)),
      began: () => tell(world, 'dim', `${stream.TableName}, ${beginning}; Ctrl-C ends. ${stream.StreamArn}`),
      show: (change) => {
        const { record } = change;
        const takers = router ? `\n  → ${routesOf(router, record).join(', ') || 'no route'}` : '';
        const text = json ? visible(JSON.stringify(record)) : `${printChange(change, world.stdout)}${takers}`;
        world.stdout.write(`${text}\n`);
      },
    });
    tell(world, 'dim', counted(shown, 'change'));
    return 0;
  },
};

const allEvents: readonly EventName[] = ['INSERT', 'MODIFY', 'REMOVE'];

function eventNames(text: string): readonly EventName[] {
  const names = text.toUpperCase().split(',');
  const events = allEvents.filter((event) => names.includes(event));
  if (names.every((name) => allEvents.some((event) => event === name))) return events;
  throw new InvalidArgumentError(`Give ${allEvents.join(', ')}, or some of them with commas between.`);
}

/** Read early, for a fault in it to be told before anything is asked. */
function path(text: string): string {
  return orInvalid(() => table('any', { keys: { partition: 'any' } }).attr(text) && text);
}

function pattern(text: string): Options['pattern'] {
  return orInvalid(() => patternMatcher(text));
}

function orInvalid<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw new InvalidArgumentError(error instanceof Error ? error.message : String(error));
  }
}

function testsOf({ route, key, pattern }: Options, router: Router | undefined) {
  return [
    ...(pattern ? [pattern] : []),
    ...(key === undefined ? [] : [hasKey(key)]),
    ...(router && route !== undefined ? [goesTo(route, router)] : []),
  ];
}

/** The stream of a table that is meant by its name, or by the name that routes use for it; or one by its ARN. */
async function streamOf(
  name: string,
  router: Router | undefined,
  source: CheckStreamsOptions & { readonly logger: Logger },
  world: World,
): Promise<StreamDescription> {
  const looking = {
    clock: systemClock,
    random: Math.random,
    logger: source.logger,
    unknownTable: 'skip',
  } as const;
  const found = await checkStreams(
    { ...looking, tables: router?.tables ?? [] },
    { ...source, streams: [name] },
  );
  const [stream] = found.streams;
  if (!stream) throw new SluiceError('STREAM', found.problems.join('\n'));
  // What the routes lack does not keep anybody from looking.
  for (const problem of found.problems) tell(world, 'yellow', problem);
  return stream;
}
