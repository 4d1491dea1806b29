import type { Argument, Command, Option } from 'commander';
import type { CommandFile } from '../command.js';
import { commands, programOf } from '../program.js';

/** The page of the docs, made of what the library is told of the commands. */
export function commandReference(): string {
  const program = programOf(async () => {});
  return `${[
    '# The `sluice` command',
    '<!-- Written by a test: `vitest run packages/cli --update` writes it anew. -->',
    `\`npm install --save-dev @sluice/cli\`. ${program.description()} \`npx sluice --help\` says the same as this page.`,
    'Exit codes: 0 where all is well, 1 where a command found problems or broke, 2 where it was used wrongly. Results go to standard output, ' +
      'and everything else, such as what your modules print, goes beside it. Colours are left out in pipes and with `NO_COLOR`.',
    'A router module in TypeScript is loaded through [tsx](https://tsx.hirok.io), with the compiler options of the `tsconfig.json` nearest to it; ' +
      '`TSX_TSCONFIG_PATH` names another one.',
    '## With every command',
    tableOf(program),
    ...program.commands.flatMap((command, at) => section(command, commands[at] as CommandFile)),
  ].join('\n\n')}\n`;
}

function section(command: Command, { examples }: CommandFile): readonly string[] {
  return [
    `## ${command.name()}`,
    command.description(),
    `\`sluice ${command.name()} ${command.usage()}\``,
    ...(command.options.length + command.registeredArguments.length > 0 ? [tableOf(command)] : []),
    `\`\`\`sh\n${examples.map(([line, purpose]) => `# ${purpose}\nsluice ${line}`).join('\n\n')}\n\`\`\``,
  ];
}

function tableOf({ registeredArguments, options }: Command): string {
  const rows = [...registeredArguments.map(argumentRow), ...options.map(optionRow)];
  return ['| option | what it says |', '|---|---|', ...rows].join('\n');
}

function argumentRow(argument: Argument): string {
  const name = argument.variadic ? `${argument.name()}...` : argument.name();
  return row(argument.required ? `<${name}>` : `[${name}]`, argument);
}

function optionRow(option: Option): string {
  return row(option.flags, option);
}

function row(flags: string, given: Option | Argument): string {
  const { description, argChoices, defaultValue, defaultValueDescription } = given;
  const isSaid = defaultValue === undefined || typeof defaultValue === 'boolean';
  const text = [
    description,
    ...(argChoices ? [`one of ${argChoices.map((choice) => `\`${choice}\``).join(', ')}`] : []),
    ...(isSaid ? [] : [`${defaultValueDescription ?? `\`${defaultValue}\``} by default`]),
  ].join('; ');
  return `| \`${flags.replaceAll('|', '\\|')}\` | ${text.replaceAll('|', '\\|')} |`;
}
