import { isSluiceError, type Router } from '@sluice/core';
import { type CheckStreamsOptions, checkStreams } from '@sluice/poller';
import { Command } from 'commander';
import type { Call, CommandFile } from '../command.js';
import { problemsIn, UsageError } from '../errors.js';
import { loadRouter } from '../load-router.js';
import { loggerOn } from '../logger-on.js';
import { counted, printJson } from '../print.js';
import { endpointOption, type Place, regionOption } from '../source-options.js';
import type { World } from '../world.js';

interface Options extends Place {
  readonly live?: boolean;
}

export const check: CommandFile<Options> = {
  group: 'Read the routes',
  define: () =>
    new Command('check')
      .description(
        'Load the router module and tell everything that is wrong with it, all at once; with --live also that the stream of each table ' +
          'is there, is enabled, and has the view and the keys that the routes are written for. Nothing is run, and no record is read. ' +
          'The exit code is 1 where there is a problem.',
      )
      .summary('Tell everything that is wrong with the router and its streams, all at once.')
      .option('--live', "ask DynamoDB Streams for the routes' streams, too")
      .addOption(regionOption())
      .addOption(endpointOption()),
  examples: [
    ['check', 'what createRouter would throw at start, in a build for example'],
    ['check --live --region eu-west-1', 'the streams too, before a deployment'],
  ],
  async run({ options, world }) {
    const { live: isLive, region, endpoint } = options;
    if (!isLive && (region ?? endpoint) !== undefined) {
      throw new UsageError(
        '--region and --endpoint say where streams are asked, which --live does; give --live too',
      );
    }
    const { router, problems: ofModule } = await checked({ options, world });
    const live = router && isLive ? await checkStreams(router, sourceOf(options, world)) : undefined;
    const problems = [...ofModule, ...(live?.problems ?? [])];
    const tables = router?.tables.map(({ text }) => text) ?? [];
    const streams = live?.streams.map(({ StreamArn }) => StreamArn) ?? [];
    const notes = live?.notes ?? [];
    if (options.json) {
      const routes = router?.routes.length ?? 0;
      const ok = problems.length === 0;
      printJson(world, { ok, routes, tables, ...(live && { streams, notes }), problems });
    } else {
      const lines =
        router && problems.length === 0 ? found(router, streams, world) : problemList(problems, world);
      const told = notes.map((note) => `${world.stdout.style('yellow', 'note')}: ${note}`);
      world.stdout.write(`${[...lines, ...told].join('\n')}\n`);
    }
    return problems.length === 0 ? 0 : 1;
  },
};

function found({ routes, tables }: Router, streams: readonly string[], { stdout }: World): readonly string[] {
  const names = tables.map(({ text }) => text).join(', ');
  return [
    `${stdout.style('green', 'no problems')}: ${counted(routes.length, 'route')} of ${names}`,
    ...streams.map((arn) => `  ${arn}`),
  ];
}

function problemList(problems: readonly string[], { stdout }: World): readonly string[] {
  const title = stdout.style('red', `${counted(problems.length, 'problem')}:`);
  return [title, ...problems.map((problem) => `  - ${problem}`)];
}

function sourceOf({ region, endpoint }: Options, world: World): CheckStreamsOptions {
  return { region, endpoint, signal: world.interrupted(), logger: loggerOn(world) };
}

interface Checked {
  readonly router?: Router;
  readonly problems: readonly string[];
}

async function checked(call: Pick<Call, 'options' | 'world'>): Promise<Checked> {
  try {
    return { router: await loadRouter(call), problems: [] };
  } catch (error) {
    if (!isSluiceError(error) || error.code === 'USAGE' || call.options.verbose) throw error;
    return { problems: problemsIn(error) ?? [error.message] };
  }
}
