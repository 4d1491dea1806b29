import { readFileSync } from 'node:fs';
import { Command, Option } from 'commander';
import type { Call, CommandFile } from './command.js';
import { asyncapi } from './commands/asyncapi.js';
import { check } from './commands/check.js';
import { explain } from './commands/explain.js';
import { filterCriteria } from './commands/filter-criteria.js';
import { infra } from './commands/infra.js';
import { invoke } from './commands/invoke.js';
import { routes } from './commands/routes.js';
import { tail } from './commands/tail.js';

/** In the order of the help. */
export const commands: readonly CommandFile[] = [
  routes,
  explain,
  check,
  filterCriteria,
  infra,
  asyncapi,
  invoke,
  tail,
];

/** The whole command line, as the library has it; `start` runs the one that was asked for. */
export function programOf(
  start: (command: CommandFile, call: Omit<Call, 'world'>) => Promise<void>,
): Command {
  const program = new Command('sluice')
    .description(
      'Reads the routes of a router module: what they are, what a record means to them, what to deploy.',
    )
    .version(versionOf(), '-V, --version', 'print the version')
    .helpOption('-h, --help', 'print what a command does, its options and examples')
    .commandsGroup('More:')
    .helpCommand('help [command]', 'print what a command does, its options and examples')
    .addHelpText('after', '\nRun `sluice <command> --help` for its options and examples.')
    .addOption(
      new Option(
        '-r, --router <module[#export]>',
        'module that exports the router, in TypeScript or JavaScript; by default src/router, router or dist/router.js, and its export "router", "default" or the only one',
      ),
    )
    .option('--json', 'print JSON, for programs')
    .option('--verbose', 'print errors with their stacks');
  for (const file of commands) program.addCommand(added(file, start));
  return program;
}

function added(file: CommandFile, start: Parameters<typeof programOf>[0]): Command {
  const command = file.define();
  return command
    .helpGroup(`${file.group}:`)
    .helpOption('-h, --help', 'print this')
    .addHelpText('after', `\nExamples:\n${file.examples.map(exampleLine).join('\n')}`)
    .action(() => start(file, { args: command.args, options: command.optsWithGlobals() }));
}

function exampleLine([line, purpose]: readonly [string, string]): string {
  return `  $ sluice ${line}\n      ${purpose}`;
}

function versionOf(): string {
  return JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')).version;
}
