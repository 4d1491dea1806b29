import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createRouter, type Ledger, type Router, route, table } from '@sluice/core';
import { asyncApi, cloudFormation, filterCriteria, infrastructure, samEvents } from '@sluice/describe';
import { load } from 'js-yaml';
import { afterAll, describe, expect, it } from 'vitest';
import * as z from 'zod';
import { router } from '../testing/shop.js';
import { ran } from '../testing/world.js';

const folder = mkdtempSync(join(tmpdir(), 'sluice-documents-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** A command over the router of the tests; what it prints is read as YAML, of which JSON is a part. */
async function printed(...argv: readonly string[]) {
  const result = await ran([...argv, '--router', module], { cwd: folder });
  expect([result.code, result.stderr]).toEqual([0, '']);
  return { text: result.stdout, data: () => load(result.stdout) };
}

/** As JSON has it. */
function plain(data: unknown): unknown {
  return JSON.parse(JSON.stringify(data));
}

describe('filter-criteria', () => {
  it('prints the patterns of each table and what is left to the router', async () => {
    const [shop] = filterCriteria(router);
    const { text } = await printed('filter-criteria');
    expect(text).toContain('table shop, for receipt, audit\n');
    for (const { condition, reason } of shop?.notPushedDown ?? []) {
      expect(text).toContain(condition);
      expect(text).toContain(reason);
    }
    const { stdout } = await ran(['infra', '--router', module]);
    const [, left = ''] = text.split('left to the router:\n');
    expect(stdout).toContain(`cannot test ${left.trimEnd().split('\n').length} of the routes' conditions`);
    expect((await printed('filter-criteria', '--json')).data()).toEqual(plain(filterCriteria(router)));
  });

  it('prints one table as AWS takes it, by the options that are given', async () => {
    const options = { metadata: true, maxFilters: 1 };
    const flags = ['--metadata', '--max-filters', '1'];
    const { data } = await printed('filter-criteria', '--table', 'shop', '--json', ...flags);
    expect(data()).toEqual({ Filters: filterCriteria(router, options)[0]?.filters });
  });

  it('refuses a table that no route is of', async () => {
    const { code, stderr } = await ran(['filter-criteria', '--table', 'cart', '--router', module]);
    expect(code).toBe(2);
    expect(stderr).toBe('error: no route is of a table cart; the routes name shop\n');
  });
});

/** Of a router that is made for one test. */
function given(router: Router) {
  return { loadModule: async () => ({ router }) };
}

const module = join(import.meta.dirname, '../testing/shop.ts');

describe('infra', () => {
  const options = { batchSize: 7, bisectBatchOnFunctionError: false, destination: 'SQS' } as const;
  const flags = ['--batch-size', '7', '--no-bisect-batch-on-function-error', '--destination', 'SQS'];
  const plan = infrastructure(router, options);

  it('prints a template, with the notes of its plan as comments', async () => {
    const { text, data } = await printed('infra', ...flags);
    expect(data()).toEqual(plain(cloudFormation(plan)));
    for (const note of plan.notes) expect(text).toContain(`# ${note}\n`);
    expect((await printed('infra', '--json', ...flags)).data()).toEqual(plain(cloudFormation(plan)));
    expect((await printed('infra', '--format', 'plan', ...flags)).data()).toEqual(plain(plan));
  });

  it('prints a SAM function with its events, and beside it what they do not bring', async () => {
    const { data } = await printed('infra', '--format', 'sam', ...flags);
    const template = data() as ReturnType<typeof cloudFormation>;
    expect(template.Resources['Function']).toEqual({
      Type: 'AWS::Serverless::Function',
      Properties: { Events: plain(samEvents(plan)) },
    });
    expect(Object.values(template.Resources).map(({ Type }) => Type)).not.toContain(
      'AWS::Lambda::EventSourceMapping',
    );
  });
});

describe('infra, where options do not fit the router', () => {
  const shop = table('shop', { keys: { partition: 'pk' } });
  const sums = route.window(
    shop,
    { id: 'sums', state: z.object({ n: z.number().default(0) }) },
    { add: (state) => state, close: () => {} },
  );
  const windows = createRouter({ routes: sums, lane: 'partitionKey' });

  it("is wrong usage, told by the command's own options", async () => {
    const { code, stdout, stderr } = await ran(
      'infra --router world.ts --parallelization-factor 2 --maximum-record-age-in-seconds 5',
      given(windows),
    );
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr.split('\n')).toEqual([
      'error: the options do not fit the router or Lambda:',
      '  - --maximum-record-age-in-seconds is 5; give a whole number from 60 to 604800, or -1 for no limit',
      expect.stringMatching(/^ {2}- --parallelization-factor is 2, but the router's lane is partitionKey/),
      '  - sums folds windows, whose length nothing says; give --tumbling-window-in-seconds, 1 to 900',
      '',
    ]);
  });

  it('names them in the comments, too', async () => {
    const { stdout } = await ran('infra --router world.ts --tumbling-window-in-seconds 60', given(windows));
    expect(stdout).toMatch(/^# .*with --maximum-retry-attempts -1 nothing is/m);
  });
});

describe('infra with a ledger', () => {
  const refused = () => Promise.reject(new Error('not asked'));
  const ledger: Ledger = { open: refused, parking: refused, once: () => (_call, next) => next() };
  const shop = table('shop', { keys: { partition: 'pk' } });
  const routes = route.on(shop, { id: 'audit' }, () => {});
  const kept = createRouter({ name: 'shop', routes, ledger });

  it.each(['cloudformation', 'sam'])('tells the name of its table, as %s', async (format) => {
    const { stdout } = await ran(`infra --router world.ts --format ${format}`, given(kept));
    expect(load(stdout)).toMatchObject({ Outputs: { LedgerTableName: { Value: { Ref: 'Ledger' } } } });
  });
});

describe('infra --output', () => {
  it('writes the file, and tells so beside the output', async () => {
    const line = ['infra', '--router', module];
    const { stdout: expected } = await ran(line, { cwd: folder });
    const { code, stdout, stderr } = await ran([...line, '--output', 'stream.yaml'], { cwd: folder });
    expect({ code, stdout, stderr }).toEqual({ code: 0, stdout: '', stderr: 'stream.yaml is written\n' });
    expect(readFileSync(join(folder, 'stream.yaml'), 'utf8')).toBe(expected);
    expect(await ran([...line, '-o', 'none/x.yaml'], { cwd: folder })).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('none/x.yaml cannot be written'),
    });
  });
});

describe('asyncapi', () => {
  it('prints the document as YAML or JSON', async () => {
    const document = plain(asyncApi(router, { title: 'Shop', version: '2.0.0', description: 'Sells.' }));
    const flags = ['--title', 'Shop', '--document-version', '2.0.0', '--description', 'Sells.'];
    const { text, data } = await printed('asyncapi', ...flags);
    expect(text).toMatch(/^asyncapi: 3\.0\.0\n/);
    expect(data()).toEqual(document);
    const json = await printed('asyncapi', '--format', 'json', ...flags);
    expect(JSON.parse(json.text)).toEqual(document);
    expect((await printed('asyncapi', '--json', ...flags)).text).toBe(json.text);
  });

  it('writes one page with the component in it', async () => {
    const line = ['asyncapi', '--html', '--output', 'shop.html', '--router', module];
    const { code, stdout, stderr } = await ran(line, { cwd: folder });
    expect({ code, stdout, stderr }).toEqual({ code: 0, stdout: '', stderr: 'shop.html is written\n' });
    expect(readFileSync(join(folder, 'shop.html'), 'utf8')).toMatch(/^<!doctype html>/i);
  });

  it('does not pour the page over a terminal, but into a pipe', async () => {
    const line = ['asyncapi', '--html', '--router', module];
    let written = '';
    const stdout = {
      write: (text: string) => {
        written += text;
      },
      style: (_: unknown, text: string) => text,
      columns: 80,
    };
    const terminal = await ran(line, { cwd: folder, stdout: { ...stdout, isTerminal: true } });
    expect({ code: terminal.code, length: written.length }).toEqual({ code: 2, length: 0 });
    expect(terminal.stderr).toMatch(/--html .* --output <file>/);
    expect((await ran(line, { cwd: folder, stdout })).code).toBe(0);
    expect(written.slice(0, 15)).toMatch(/^<!doctype html>/i);
  });

  it.each(['--json', '--format json', '--format yaml'])(
    'is a page or, with %s, a document',
    async (flags) => {
      const line = ['asyncapi', '--html', ...flags.split(' '), '--router', module, '-o', 'both.html'];
      const { code, stdout, stderr } = await ran(line, { cwd: folder });
      expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
      expect(stderr).toMatch(new RegExp(`--html.*${flags.split(' ')[0]}`));
      expect(existsSync(join(folder, 'both.html'))).toBe(false);
    },
  );

  it('says so where it cannot write', async () => {
    const { code, stderr } = await ran(['asyncapi', '-o', 'none/x.yaml', '-r', module], { cwd: folder });
    expect(code).toBe(2);
    expect(stderr).toContain('none/x.yaml cannot be written');
    expect(existsSync(join(folder, 'none'))).toBe(false);
  });
});
