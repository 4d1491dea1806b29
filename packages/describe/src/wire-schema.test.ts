import { createRouter, route, table } from '@sluice/core';
import { recordsOf } from '@sluice/testing';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { asyncApi } from './asyncapi.js';
import { schemaJudge } from './testing/check-document.js';

fc.configureGlobal({ seed: Number(process.env['SLUICE_SEED'] ?? 20_261_122) });

const keys = { partition: 'pk' };
const things = table('things', { keys });
const records = recordsOf({ table: 'things', keys });

/** Why the item of a record does not fit the wire form of a schema; nothing for one that does. */
function judgeOf(schema: z.ZodObject | z.ZodUnion | z.ZodIntersection) {
  const Thing = things.entity('Thing', { schema: schema as z.ZodObject });
  const document = asyncApi(createRouter({ routes: route.insert(Thing, { id: 'a' }, () => undefined) }));
  const judge = schemaJudge(document);
  return (item: object) => judge('Thing.item', records.insert({ pk: '1', ...item }).dynamodb.NewImage);
}

const bytes = z.instanceof(Uint8Array);
const Tree = z.object({
  name: z.string(),
  get children() {
    return z.array(Tree);
  },
});
const Named = z.object({ x: z.string() }).meta({ id: 'A b/c~%' });

describe('the wire form of an attribute', () => {
  it.each<[string, z.ZodType, readonly unknown[], readonly unknown[]]>([
    ['text', z.string().min(2), ['ab'], ['a', 1, null]],
    ['a pattern', z.string().regex(/^x\d$/), ['x1'], ['x']],
    ['a number', z.number().min(5), [5, 6.5, 2n ** 70n], ['5']],
    ['a whole number', z.int(), [5], ['5']],
    ['a big number', z.bigint(), [5n, 2n ** 70n], ['5']],
    ['a listed number', z.literal([1, 2.5]), [1, 2.5], [2, '1']],
    ['yes or no', z.boolean(), [true], ['true', 1]],
    ['yes', z.literal(true), [true], [false]],
    ['null', z.null(), [null], ['null', false]],
    ['a choice', z.enum(['a', 'b']), ['a'], ['c', 1]],
    ['a choice of types', z.union([z.string(), z.number(), z.null()]), ['a', 1, null], [true, []]],
    ['mixed literals', z.literal(['a', 1, null]), ['a', 1, null], ['b', 2, true]],
    ['a list', z.array(z.number()).min(1), [[1]], [[], ['1'], new Set([1])]],
    ['a pair', z.tuple([z.string(), z.number()]), [['a', 1]], [['a'], [1, 'a'], ['a', 1, 2]]],
    ['a set of texts', z.set(z.string()), [new Set(['a'])], [['a'], new Set([1])]],
    ['a set of numbers', z.set(z.number()), [new Set([1])], [[1], new Set(['a'])]],
    ['bytes', bytes, [new Uint8Array([1])], []],
    ['a map', z.object({ a: z.string() }), [{ a: 'b', c: 1 }], [{}, { a: 1 }, 'a']],
    ['a strict map', z.strictObject({ a: z.string() }), [{ a: 'b' }], [{ a: 'b', c: 1 }]],
    ['a record', z.record(z.string(), z.number()), [{}, { a: 1 }], [{ a: 'b' }]],
    [
      'a choice of maps',
      z.discriminatedUnion('k', [
        z.object({ k: z.literal('a') }),
        z.object({ k: z.literal('b'), n: z.int() }),
      ]),
      [{ k: 'a' }, { k: 'b', n: 1 }],
      [{ k: 'b' }, { k: 'c' }],
    ],
    [
      'two maps in one',
      z.object({ a: z.string() }).and(z.object({ b: z.string() })),
      [{ a: '', b: '' }],
      [{ a: '' }],
    ],
    [
      'a tree',
      Tree,
      [{ name: 'a', children: [{ name: 'b', children: [] }] }],
      [{ name: 'a', children: [{ name: 'b' }] }],
    ],
    ['a schema with a name', Named, [{ x: 'a' }], [{ x: 1 }]],
    ['what is transformed', z.string().transform(Number), ['1'], [1]],
    ['a default', z.string().default('x'), [undefined, 'a'], [1]],
    ['anything', z.unknown(), ['a', 1, null, new Uint8Array([1])], []],
    ['several rules for a text', z.string().regex(/a/).regex(/b/), ['ab'], ['a', 1]],
    ['several rules for a number', z.number().multipleOf(2).multipleOf(3), [6], ['6']],
    ['what is caught', z.string().catch('x'), ['a', 1, undefined], []],
    ['what is coerced', z.coerce.number(), ['5', 5, true], [undefined]],
    ['a set of what is coerced', z.set(z.coerce.number()), [new Set(['1'])], [undefined]],
    ['what is prepared', z.preprocess((given) => given ?? 'x', z.string()), ['a', undefined], []],
    ['what is trimmed before it is held to rules', z.string().trim().max(1), [' a '], [1]],
    ['a pattern whose flags say more', z.string().regex(/^a.b$/is), ['A\nB'], [1]],
    ['a pattern that only careless languages read', z.string().regex(/^a-b$/), ['a-b'], [1]],
  ])('of %s takes what the schema takes, and refuses what it can tell', (_what, schema, taken, refused) => {
    const judge = judgeOf(z.object({ value: schema }));
    for (const value of taken) expect(judge({ value }), String(value)).toBeUndefined();
    for (const value of refused) expect(judge({ value }), String(value)).toBeDefined();
  });

  it('keeps what a schema says of a number that digits cannot be held to', () => {
    const Thing = things.entity('Thing', { schema: z.object({ n: z.int().min(3).max(9) }) });
    const { schemas } = asyncApi(
      createRouter({ routes: route.on(Thing, { id: 'a' }, () => undefined) }),
    ).components;
    expect(schemas['Thing.item']).toHaveProperty('properties.n.properties.N.x-number', {
      type: 'integer',
      minimum: 3,
      maximum: 9,
    });
  });
});

describe('the wire form of an item', () => {
  it('is one of several, where the schema is', () => {
    const judge = judgeOf(z.union([z.object({ a: z.string() }), z.object({ b: z.number() })]));
    expect([judge({ a: 'x' }), judge({ b: 1 })]).toEqual([undefined, undefined]);
    expect(judge({ a: 1 })).toBeDefined();
  });

  it('contains itself, where the schema does', () => {
    expect(judgeOf(Tree)({ name: 'a', children: [{ name: 'b', children: [] }] })).toBeUndefined();
    expect(judgeOf(Tree)({ name: 'a', children: [{ children: [] }] })).toBeDefined();
  });

  it('holds what it refers to apart, whatever the names of that', () => {
    const one = z.object({ a: z.string() }).meta({ id: 'A b' });
    const other = z.object({ b: z.number() }).meta({ id: 'A/b' });
    const itself = z.object({ c: z.string() }).meta({ id: 'itself' });
    const All = z.object({
      one,
      other,
      itself,
      get more() {
        return All.optional();
      },
    });
    const item = { one: { a: 'x' }, other: { b: 1 }, itself: { c: 'x' } };
    const judge = judgeOf(All);
    expect(judge({ ...item, more: item })).toBeUndefined();
    for (const name of Object.keys(item)) expect(judge({ ...item, [name]: {} }), name).toBeDefined();
    expect(judge({ ...item, more: {} })).toBeDefined();
  });

  it('has attributes by any name', () => {
    const judge = judgeOf(
      z.object({ constructor: z.string(), $id: z.string(), type: z.number(), 'a/b': z.string() }),
    );
    const item = { constructor: 'a', $id: 'b', type: 1, 'a/b': 'c' };
    expect(judge(item)).toBeUndefined();
    for (const name of Object.keys(item)) expect(judge({ ...item, [name]: [] }), name).toBeDefined();
  });

  it('is free where the schema is of a library that gives no JSON Schema', () => {
    const schema = {
      '~standard': { version: 1, vendor: 'none', validate: (value: unknown) => ({ value: value as object }) },
    } as const;
    const Thing = things.entity('Thing', { schema });
    const document = asyncApi(createRouter({ routes: route.on(Thing, { id: 'a' }, () => undefined) }));
    expect(document.components.schemas).not.toHaveProperty('Thing');
    expect(schemaJudge(document)('Thing.item', { pk: { S: '1' }, any: { N: '1' } })).toBeUndefined();
  });
});

interface Shape {
  readonly schema: z.ZodType;
  readonly value: fc.Arbitrary<unknown>;
}

const texts = fc.string({ maxLength: 5 });
const numbers = fc.oneof(
  fc.integer(),
  fc
    .double({ noNaN: true, noDefaultInfinity: true, min: -1e9, max: 1e9 })
    .map((n) => Number(n.toPrecision(15))),
);
const leaf = fc.constantFrom<Shape>(
  { schema: z.string(), value: texts },
  { schema: z.string().max(3), value: fc.string({ maxLength: 3 }) },
  { schema: z.number(), value: numbers },
  { schema: z.int().min(0), value: fc.nat() },
  { schema: z.bigint(), value: fc.bigInt({ min: -(2n ** 90n), max: 2n ** 90n }) },
  { schema: z.literal(['a', 7]), value: fc.constantFrom('a', 7) },
  { schema: z.boolean(), value: fc.boolean() },
  { schema: z.null(), value: fc.constant(null) },
  { schema: bytes, value: fc.uint8Array({ minLength: 1, maxLength: 3 }) },
  {
    schema: z.set(z.string()),
    value: fc.uniqueArray(texts.filter(Boolean), { minLength: 1 }).map((list) => new Set(list)),
  },
  {
    schema: z.set(z.number()),
    value: fc.uniqueArray(fc.integer(), { minLength: 1 }).map((list) => new Set(list)),
  },
);
const { shape } = fc.letrec<{ shape: Shape; deep: Shape }>((tie) => ({
  shape: fc.oneof({ maxDepth: 3, withCrossShrink: true }, leaf, tie('deep')),
  deep: fc.oneof(
    tie('shape').map(({ schema, value }) => ({
      schema: z.array(schema),
      value: fc.array(value, { maxLength: 3 }),
    })),
    tie('shape').map(({ schema, value }) => ({
      schema: z.record(z.string(), schema),
      value: fc.dictionary(texts.filter(Boolean), value, { maxKeys: 2, noNullPrototype: true }),
    })),
    fc.tuple(tie('shape'), tie('shape')).map(([one, other]) => ({
      schema: z.union([one.schema, other.schema]),
      value: fc.oneof(one.value, other.value),
    })),
    fc.tuple(tie('shape'), tie('shape')).map(([one, other]) => ({
      schema: z.object({ one: one.schema, other: other.schema.optional() }),
      value: fc.record(
        { one: one.value, other: other.value },
        { requiredKeys: ['one'], noNullPrototype: true },
      ),
    })),
  ),
}));

describe('for any schema', () => {
  it('the wire form takes every item that the schema takes', () => {
    const cases = shape.chain(({ schema, value }) => value.map((one) => ({ schema, value: one })));
    fc.assert(
      fc.property(cases, ({ schema, value }) => {
        expect(schema.safeParse(value).success).toBe(true);
        expect(judgeOf(z.object({ value: schema }))({ value })).toBeUndefined();
      }),
      { numRuns: 60 },
    );
  });
});
