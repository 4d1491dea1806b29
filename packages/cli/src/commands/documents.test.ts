import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { asyncApi, cloudFormation, filterCriteria, infrastructure, samEvents } from '@sluice/describe';
import { load } from 'js-yaml';
import { afterAll, describe, expect, it } from 'vitest';
import { router } from '../testing/shop.js';
import { ran } from '../testing/world.js';

const folder = mkdtempSync(join(tmpdir(), 'sluice-documents-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** A command over the router of the tests; what it prints is read as YAML, of which JSON is a part. */
async function printed(...argv: readonly string[]) {
  const module = join(import.meta.dirname, '../testing/shop.ts');
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
    expect((await printed('filter-criteria', '--json')).data()).toEqual(plain(filterCriteria(router)));
  });

  it('prints one table as AWS takes it, by the options that are given', async () => {
    const options = { metadata: true, maxFilters: 1 };
    const flags = ['--metadata', '--max-filters', '1'];
    const { data } = await printed('filter-criteria', '--table', 'shop', '--json', ...flags);
    expect(data()).toEqual({ Filters: filterCriteria(router, options)[0]?.filters });
  });

  it('refuses a table that no route is of', async () => {
    const module = join(import.meta.dirname, '../testing/shop.ts');
    const { code, stderr } = await ran(['filter-criteria', '--table', 'cart', '--router', module]);
    expect(code).toBe(2);
    expect(stderr).toBe('error: no route is of a table cart; the routes name shop\n');
  });
});

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
    const module = join(import.meta.dirname, '../testing/shop.ts');
    const line = ['asyncapi', '--html', '--output', 'shop.html', '--router', module];
    const { code, stdout, stderr } = await ran(line, { cwd: folder });
    expect({ code, stdout, stderr }).toEqual({ code: 0, stdout: '', stderr: 'shop.html is written\n' });
    expect(readFileSync(join(folder, 'shop.html'), 'utf8')).toMatch(/^<!doctype html>/i);
  });

  it('says so where it cannot write', async () => {
    const module = join(import.meta.dirname, '../testing/shop.ts');
    const { code, stderr } = await ran(['asyncapi', '-o', 'none/x.yaml', '-r', module], { cwd: folder });
    expect(code).toBe(2);
    expect(stderr).toContain('none/x.yaml cannot be written');
    expect(existsSync(join(folder, 'none'))).toBe(false);
  });
});
