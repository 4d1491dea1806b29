import { isSluiceError, type Router } from '@sluice/core';
import { Command } from 'commander';
import type { Call, CommandFile } from '../command.js';
import { loadRouter } from '../load-router.js';
import { counted, printJson } from '../print.js';

export const check: CommandFile = {
  group: 'Read the routes',
  define: () =>
    new Command('check')
      .description(
        'Load the router module and tell everything that is wrong with it, all at once. Nothing is run. The exit code is 1 where there is a problem.',
      )
      .summary('Tell everything that is wrong with the router, all at once.'),
  examples: [['check', 'what createRouter would throw at start, in a build for example']],
  async run({ options, world }) {
    const { router, problems } = await checked({ options, world });
    const tables = router?.tables.map(({ text }) => text) ?? [];
    if (options.json) {
      printJson(world, { ok: problems.length === 0, routes: router?.routes.length ?? 0, tables, problems });
    } else if (router && problems.length === 0) {
      const found = `${counted(router.routes.length, 'route')} of ${tables.join(', ')}`;
      world.stdout.write(`${world.stdout.style('green', 'no problems')}: ${found}\n`);
    } else {
      const list = problems.map((problem) => `  - ${problem}`);
      world.stdout.write(
        `${[world.stdout.style('red', `${counted(problems.length, 'problem')}:`), ...list].join('\n')}\n`,
      );
    }
    return problems.length === 0 ? 0 : 1;
  },
};

interface Checked {
  readonly router?: Router;
  readonly problems: readonly string[];
}

async function checked(call: Pick<Call, 'options' | 'world'>): Promise<Checked> {
  try {
    return { router: await loadRouter(call), problems: [] };
  } catch (error) {
    if (!isSluiceError(error) || error.code === 'USAGE' || call.options.verbose) throw error;
    return { problems: 'problems' in error ? (error.problems as readonly string[]) : [error.message] };
  }
}
