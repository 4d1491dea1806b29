import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { commands } from './program.js';
import { ran } from './testing/world.js';

const shop = join(import.meta.dirname, 'testing/shop.ts');

describe('the command line', () => {
  it('leads from its help to the purpose of each command, and from there to examples', async () => {
    const { code, stdout } = await ran('--help', { colours: true });
    expect(code).toBe(0);
    for (const command of commands) {
      const { name, summary, description } = helpOf(command);
      expect(inOneLine(stdout)).toContain(summary || description);
      const help = await ran([name, '--help']);
      expect(help).toMatchObject({ code: 0, stderr: '' });
      for (const [line, purpose] of command.examples) {
        expect(line.split(' ')[0]).toBe(name);
        expect(help.stdout).toContain(`$ sluice ${line}\n      ${purpose}`);
      }
      expect(command.examples).not.toEqual([]);
      expect(help.stdout).toContain('--router <module[#export]>');
      expect(help.stdout).toContain('--json');
    }
  });

  it('ends with 2 and the way on where it is used wrongly', async () => {
    const wrong = [
      ['nothing', [], /Usage: sluice/],
      [
        'an unknown command',
        ['route'],
        /unknown command 'route'\nThe commands are routes, explain, .*, tail; run `sluice --help` for what they do\.\n$/,
      ],
      [
        'an unknown option',
        ['routes', '--formt', 'x'],
        /unknown option '--formt'[\s\S]*`sluice routes --help`/,
      ],
      ['a wrong choice', ['routes', '--format', 'xml'], /Allowed choices are text, json, mermaid/],
      ['a missing argument', ['explain'], /missing required argument 'records\.json'/],
      ['too many arguments', ['routes', 'x'], /too many arguments/],
      ['no number', ['infra', '--batch-size', 'many'], /Give a whole number from 1 to 10000/],
      ['a missing file', ['explain', 'gone.json', '-r', shop], /gone\.json cannot be read/],
    ] as const;
    for (const [what, argv, message] of wrong) {
      const { code, stdout, stderr } = await ran(argv);
      expect([what, code, stdout]).toEqual([what, 2, '']);
      expect(stderr).toMatch(message);
    }
  });

  it('takes the options that all commands have before and after the command', async () => {
    const after = await ran(['routes', '--router', shop, '--json']);
    expect(after.code).toBe(0);
    expect(await ran(['--router', shop, '--json', 'routes'])).toEqual(after);
  });

  it('tells its version', async () => {
    expect((await ran('--version')).stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
  });
});

function helpOf(command: (typeof commands)[number]) {
  const defined = command.define();
  return { name: defined.name(), summary: defined.summary(), description: defined.description() };
}

function inOneLine(text: string): string {
  return text.replace(/\s+/g, ' ');
}
