import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { tablePattern } from './index.js';

const label = '2026-01-01T00:00:00.000';
const streamArn = (table: string, region = 'eu-central-1', partition = 'aws', account = '123456789012') =>
  `arn:${partition}:dynamodb:${region}:${account}:table/${table}/stream/${label}`;

function matches(given: string, arn: string, env: Readonly<Record<string, string | undefined>> = {}) {
  const pattern = tablePattern(given, env);
  if ('problem' in pattern) throw new Error(pattern.problem);
  return pattern.matches(arn);
}

function problemOf(given: string, env: Readonly<Record<string, string | undefined>> = {}) {
  const pattern = tablePattern(given, env);
  return 'problem' in pattern ? pattern.problem : undefined;
}

describe('a table that is given by', () => {
  it('its name is the table of that name, in any Region, account and partition', () => {
    expect(matches('shop', streamArn('shop'))).toBe(true);
    expect(matches('shop', streamArn('shop', 'cn-north-1', 'aws-cn', '999999999999'))).toBe(true);
    expect(matches('shop', streamArn('shop', 'us-gov-west-1', 'aws-us-gov'))).toBe(true);
    expect(matches('shop', streamArn('shop-2'))).toBe(false);
    expect(matches('shop', streamArn('my-shop'))).toBe(false);
    expect(matches('shop', streamArn('Shop'))).toBe(false);
    expect(matches('my.shop_1-x', streamArn('my.shop_1-x'))).toBe(true);
    expect(matches('my.shop', streamArn('myxshop'))).toBe(false);
  });

  it('its name is known by it, and by nothing where several tables may be meant', () => {
    expect(tablePattern('shop', {})).toMatchObject({ name: 'shop', text: 'shop' });
    expect(tablePattern('shop-${STAGE}', { STAGE: 'prod' })).toMatchObject({ name: 'shop-prod' });
    expect(tablePattern('shop-*', {})).toMatchObject({ name: undefined, text: 'shop-*' });
    expect(tablePattern('arn:aws:dynamodb:eu-central-1:1:table/shop', {})).toMatchObject({ name: undefined });
  });

  it('its ARN is that one table', () => {
    const arn = 'arn:aws:dynamodb:eu-central-1:123456789012:table/shop';
    expect(matches(arn, streamArn('shop'))).toBe(true);
    expect(matches(arn, streamArn('shop', 'us-east-1'))).toBe(false);
    expect(matches(arn, streamArn('shop', 'eu-central-1', 'aws', '999999999999'))).toBe(false);
    expect(matches(arn, streamArn('shop-2'))).toBe(false);
    expect(matches('arn:aws:dynamodb:ddblocal:000000000000:table/shop', streamArn('shop'))).toBe(false);
  });

  it('a pattern is every table whose name fits it', () => {
    expect(matches('shop-*', streamArn('shop-prod'))).toBe(true);
    expect(matches('shop-*', streamArn('shop-'))).toBe(true);
    expect(matches('shop-*', streamArn('shop'))).toBe(false);
    expect(matches('*-shop', streamArn('my-shop'))).toBe(true);
    expect(matches('*-shop', streamArn('my-shop-2'))).toBe(false);
    expect(matches('*', streamArn('anything'))).toBe(true);
    expect(matches('a*b*c', streamArn('a-b-b-c'))).toBe(true);
    expect(matches('a*b*c', streamArn('a-c-b'))).toBe(false);
    expect(matches('ab*ba', streamArn('aba'))).toBe(false);
    expect(matches('arn:aws:dynamodb:*:123456789012:table/shop-*', streamArn('shop-x', 'us-east-1'))).toBe(
      true,
    );
    expect(matches('arn:aws:dynamodb:*:999999999999:table/shop-*', streamArn('shop-x'))).toBe(false);
  });

  it('an environment variable is the table that it holds, whole or in part', () => {
    expect(matches('shop-${STAGE}', streamArn('shop-prod'), { STAGE: 'prod' })).toBe(true);
    expect(matches('shop-${STAGE}', streamArn('shop-dev'), { STAGE: 'prod' })).toBe(false);
    expect(matches('${APP}-${STAGE}-*', streamArn('a-b-c'), { APP: 'a', STAGE: 'b' })).toBe(true);
    const arn = 'arn:aws:dynamodb:eu-central-1:123456789012:table/shop';
    expect(matches('${TABLE}', streamArn('shop'), { TABLE: arn })).toBe(true);
    expect(matches('${TABLE}', streamArn('shop', 'us-east-1'), { TABLE: arn })).toBe(false);
  });
});

describe('a description that means no table', () => {
  it('says which environment variables are missing', () => {
    expect(problemOf('shop-${STAGE}')).toMatch(/^table "shop-\$\{STAGE\}" needs STAGE in the environment/);
    expect(problemOf('${APP}-${STAGE}', { APP: '' })).toMatch(/needs APP and STAGE in/);
    expect(problemOf('${constructor}')).toMatch(/needs constructor in/);
    expect(problemOf('${TABLE}', { TABLE: undefined })).toMatch(/needs TABLE in/);
  });

  it.each([
    '',
    'my shop',
    'shop/1',
    'shop-$STAGE',
    '${STAGE',
    '${STAGE:-dev}',
    'arn:aws:s3:::bucket',
    'arn:',
    'xarn:aws:dynamodb:eu-central-1:123456789012:table/shop',
  ])('says what a table can be called: %j', (given) => {
    expect(problemOf(given)).toMatch(/is no table's name; give a name of letters, digits/);
  });

  it('says what the environment made of it, and fills nothing in twice', () => {
    expect(problemOf('${TABLE}', { TABLE: 'my shop' })).toMatch(
      /table "\$\{TABLE\}", which comes to "my shop", is no/,
    );
    expect(problemOf('${TABLE}', { TABLE: '${OTHER}', OTHER: 'shop' })).toMatch(
      /which comes to "\$\{OTHER\}"/,
    );
  });

  it('tells a stream from its table', () => {
    expect(problemOf(streamArn('shop'))).toMatch(/is no table's name.*without \/stream\//);
  });
});

describe('a pattern', () => {
  const name = fc
    .array(fc.constantFrom('a', 'b', '-'), { minLength: 1, maxLength: 12 })
    .map((all) => all.join(''));
  const pattern = fc
    .array(fc.constantFrom('a', 'b', '-', '*', '*'), { minLength: 1, maxLength: 8 })
    .map((all) => all.join(''));

  it('means what the regular expression of it means', () => {
    fc.assert(
      fc.property(pattern, name, (given, table) => {
        const expected = new RegExp(`^${given.replaceAll('*', '.*')}$`).test(table);
        expect(matches(given, streamArn(table))).toBe(expected);
      }),
      { seed: 20_260_101, numRuns: 1000 },
    );
  });

  it('of many stars decides on a long name without trying every way to share it out', () => {
    const long = 'a'.repeat(255);
    expect(matches(`${'*a'.repeat(100)}*b`, streamArn(long))).toBe(false);
    expect(matches(`${'*a'.repeat(100)}*`, streamArn(long))).toBe(true);
  });
});
