import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { ran } from './testing/world.js';

const folder = mkdtempSync(join(tmpdir(), 'sluice-cli-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** A folder with these files, each the code of a module. */
function project(files: Readonly<Record<string, string>>): string {
  const cwd = mkdtempSync(join(folder, 'project-'));
  for (const [name, code] of Object.entries(files)) {
    mkdirSync(dirname(join(cwd, name)), { recursive: true });
    writeFileSync(join(cwd, name), code);
  }
  return cwd;
}

const routerNamed = (id: string) =>
  `{ routes: [{ id: '${id}', model: { kind: 'table', name: 't' }, events: [], when: { kind: 'all', filters: [] }, filter: {}, order: 0 }], tables: [], match() {} }`;

/** The id of the only route of the router that is found. */
async function found(cwd: string, ...argv: readonly string[]) {
  const { code, stdout, stderr } = await ran(['routes', '--json', ...argv], { cwd });
  return code === 0 ? JSON.parse(stdout)[0].id : `${code} ${stderr}`;
}

describe('the router of a command', () => {
  it('is looked for where routers usually stand', async () => {
    const src = `export const router = ${routerNamed('src')}`;
    const dist = `export const router = ${routerNamed('dist')}`;
    expect(await found(project({ 'dist/router.js': dist, 'src/router.mjs': src }))).toBe('src');
    expect(await found(project({ 'dist/router.js': dist }))).toBe('dist');
    expect(await found(project({}))).toMatch(
      /^2 error: there is no router module in .*: looked for src\/router\.ts, src\/router\.mts, .*dist\/router\.js; name yours with --router/,
    );
  });

  it('is the export named after #, or "router", or the default, or the only one', async () => {
    const cwd = project({
      'a.mjs': `export const router = ${routerNamed('router')}; export default ${routerNamed('default')}; export const other = ${routerNamed('other')}`,
      'b.mjs': `export default ${routerNamed('default')}; export const other = ${routerNamed('other')}`,
      'c.mjs': `export const only = ${routerNamed('only')}; export const handler = () => {}`,
    });
    expect(await found(cwd, '--router', 'a.mjs#other')).toBe('other');
    expect(await found(cwd, '--router', 'a.mjs')).toBe('router');
    expect(await found(cwd, '-r', './b.mjs')).toBe('default');
    expect(await found(cwd, '-r', join(cwd, 'c.mjs'))).toBe('only');
  });

  it('is found in what Node makes of CommonJS, also of TypeScript that became it', async () => {
    const cwd = project({ 'router.js': '' });
    const router = { routes: [], tables: [], match() {} };
    const named = { mine: router, handler() {} };
    const byDefault = { __esModule: true, default: router };
    for (const exports of [router, named, byDefault]) {
      const loadModule = async () => ({ default: exports, 'module.exports': exports });
      expect(await ran('routes --json', { cwd, loadModule })).toMatchObject({ code: 0, stdout: '[]\n' });
    }
  });

  it('may stand in a file of any name', async () => {
    const name = 'a #1 & ü%20/router.mjs';
    const cwd = project({ [name]: '' });
    const loadModule = async (file: string) => ({ [file]: 1, other: { routes: [], tables: [], match() {} } });
    for (const option of [name, `${name}#other`, join(cwd, name)]) {
      expect(await ran(['routes', '--router', option], { cwd, loadModule })).toMatchObject({ code: 0 });
    }
    expect(await ran(['routes', '--router', `${name}#one`], { cwd, loadModule })).toMatchObject({ code: 2 });
  });

  it('that cannot be told is refused with what could be meant', async () => {
    const cwd = project({
      'two.mjs': `export const mail = ${routerNamed('mail')}; export const audit = ${routerNamed('audit')}`,
      'none.mjs': 'export const handler = () => {}; export const router = async () => {}',
    });
    expect(await found(cwd, '-r', 'two.mjs')).toContain(
      'two.mjs exports several routers; name one: --router two.mjs#mail, --router two.mjs#audit',
    );
    expect(await found(cwd, '-r', 'none.mjs')).toContain(
      'none.mjs exports no router; it exports handler (function), router (function). Export what createRouter returns',
    );
    expect(await found(cwd, '-r', 'two.mjs#male')).toContain(
      'two.mjs#male is no router; it exports audit (object), mail (object)',
    );
    expect(await found(cwd, '-r', 'gone.mjs')).toContain(`there is no module ${join(cwd, 'gone.mjs')}`);
  });

  it('whose module throws is told as that, with its stack for --verbose alone', async () => {
    const cwd = project({ 'router.mjs': 'throw new TypeError("STAGE is not set")' });
    const { code, stderr } = await ran('routes', { cwd });
    expect(code).toBe(1);
    expect(stderr).toBe(
      'error: router.mjs threw while it loaded: TypeError: STAGE is not set\n--verbose tells where.\n',
    );
    expect((await ran('routes --verbose', { cwd })).stderr).toMatch(
      /STAGE is not set\n {4}at .*router\.mjs:1:7/,
    );
  });

  it('whose start has problems shows all of them as a list, whichever copy of core found them', async () => {
    const error = `Object.assign(new Error('Problems at start:\\n  - one\\n  - two'), { [Symbol.for('sluice.error')]: true, code: 'CONFIGURATION', problems: ['one', 'two'] })`;
    const cwd = project({ 'router.mjs': `throw ${error}` });
    expect(await ran('routes', { cwd })).toEqual({
      code: 1,
      stdout: '',
      stderr: 'error: Problems at start:\n  - one\n  - two\n',
    });
    expect(await ran('check', { cwd })).toMatchObject({ code: 1, stdout: '2 problems:\n  - one\n  - two\n' });
    const data = await ran('check --json', { cwd });
    expect(data.code).toBe(1);
    expect(JSON.parse(data.stdout)).toEqual({ ok: false, routes: 0, tables: [], problems: ['one', 'two'] });
  });
});
