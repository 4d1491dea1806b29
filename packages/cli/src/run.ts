import type { Command } from 'commander';
import { programOf } from './program.js';
import { tellError } from './tell-error.js';
import type { World } from './world.js';

/**
 * Runs the command line, without the names of the program before it: `run(['routes', '--json'], world)`. Resolves to the exit code: 0 where all
 * is well, 1 where the command found problems or broke, 2 where it was used wrongly. Never rejects.
 */
export async function run(argv: readonly string[], world: World): Promise<0 | 1 | 2> {
  let code: 0 | 1 | 2 = 0;
  const program = programOf(async (command, call) => {
    code = await command.run({ ...call, world });
  });
  for (const command of [program, ...program.commands]) speakTo(world, command);
  // The library would suggest names that have little in common with what was typed; there are few enough to name all.
  const names = program.commands.map((command) => command.name()).join(', ');
  program
    .showSuggestionAfterError(false)
    .showHelpAfterError(`The commands are ${names}; run \`sluice --help\` for what they do.`);
  try {
    await program.parseAsync(argv, { from: 'user' });
    return code;
  } catch (error) {
    return tellError(error, world, program.opts()['verbose'] === true);
  }
}

/** The library writes to the world and throws where it would end the process. */
function speakTo({ stdout, stderr }: World, command: Command): void {
  command
    .exitOverride()
    .showHelpAfterError(
      `Run \`sluice ${command.parent ? `${command.name()} ` : ''}--help\` for what there is.`,
    )
    .configureHelp({ showGlobalOptions: true, styleTitle: (title) => stdout.style('bold', title) })
    .configureOutput({
      writeOut: (text) => stdout.write(text),
      writeErr: (text) => stderr.write(text),
      outputError: (text, write) => write(text.replace(/^error:/, stderr.style('red', 'error:'))),
      getOutHelpWidth: () => stdout.columns,
      getErrHelpWidth: () => stderr.columns,
      // An output knows by itself whether it shows colours.
      getOutHasColors: () => true,
      getErrHasColors: () => true,
    });
}
