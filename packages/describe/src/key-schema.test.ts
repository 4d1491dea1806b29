import { type StreamRecord, table } from '@sluice/core';
import { keyFilter, matcher, parseKeyTemplate } from '@sluice/filters';
import { Ajv } from 'ajv';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { keySchemas } from './key-schema.js';

fc.configureGlobal({ seed: Number(process.env['SLUICE_SEED'] ?? 20_261_122) });

const ajv = new Ajv({ strict: false });

/** Whether a value of the partition key fits what is said of it. */
function fits(template: string, value: object): boolean {
  const of = table('t', { keys: { partition: 'pk' } }).entity('E', { key: { pk: template } });
  return ajv.compile(keySchemas(of)['pk'] ?? false)(value);
}

const literal = fc.string({
  unit: fc.constantFrom('a', '1', '-', '.', '#', '$', '(', '[', '\\', '::', 'é', ' '),
  maxLength: 3,
});
const templates = fc
  .tuple(
    literal,
    fc.array(fc.tuple(fc.constantFrom(':x', ':y1', ':_z'), literal), { maxLength: 3 }),
    fc.constantFrom('', ':rest*'),
  )
  .map(([first, pieces, rest]) => `${first}${pieces.flat().join('')}${rest}`)
  .filter((template) => {
    try {
      return parseKeyTemplate(template).pattern !== undefined;
    } catch {
      return false;
    }
  });
const keys = fc.string({
  unit: fc.constantFrom('a', '1', '-', '.', '#', '$', '(', '[', '\\', ':', 'é', ' ', 'E'),
  minLength: 1,
  maxLength: 8,
});

describe('the schema of a key with a template', () => {
  it.each([
    ['USER#:id', { S: 'USER#1' }, true],
    ['USER#:id', { S: 'USER#' }, false],
    ['USER#:id', { S: 'USER#1#2' }, false],
    ['USER#:id', { N: '1' }, false],
    [':id', { S: '1' }, true],
    [':id', { N: '1' }, true],
    ['1:id', { N: '12' }, true],
    [':id', { B: 'AQ==' }, false],
    ['LOG#:path*', { S: 'LOG#a#b\nc' }, true],
    ['a.b::c', { S: 'a.b:c' }, true],
    ['a.b::c', { S: 'axb:c' }, false],
  ])('%s: %j fits is %s', (template, value, expected) => {
    expect(fits(template, value)).toBe(expected);
  });

  it('takes every key that the template takes, whatever its letter', () => {
    const cases = fc.tuple(templates, fc.constantFrom('S', 'N'), fc.oneof(keys, fc.integer().map(String)));
    fc.assert(
      fc.property(cases, ([template, letter, key]) => {
        const value = letter === 'N' ? { N: String(Number(key) || 0) } : { S: key };
        if (matches(template, value)) expect(fits(template, value)).toBe(true);
      }),
      { numRuns: 500 },
    );
  });

  it('shows a key that the template takes', () => {
    fc.assert(
      fc.property(templates, (template) => {
        const of = table('t', { keys: { partition: 'pk' } }).entity('E', { key: { pk: template } });
        const [example] = JSON.stringify(keySchemas(of)).match(/(?<="examples":\[)"(?:[^"\\]|\\.)*"/) ?? [];
        expect(matches(template, { S: JSON.parse(example ?? '""') })).toBe(true);
      }),
    );
  });
});

function matches(template: string, pk: object): boolean {
  const of = table('t', { keys: { partition: 'pk' } }).entity('E', { key: { pk: template } });
  const filter = keyFilter(of);
  const record = { eventName: 'INSERT', dynamodb: { Keys: { pk } } } as unknown as StreamRecord;
  return filter !== undefined && matcher(filter)(record);
}
