import { sample } from 'openapi-sampler';
import type { JsonSchema } from './asyncapi-document.js';
import { isSchema, mapValues, schemaRef } from './json-schema.js';

/** The set types that a schema of a list may be marked with, since JSON has no sets: `{ type: 'array', [setType]: 'SS' }`. */
export const setType = 'x-dynamodb-type';

/** Where references of a schema lead to: from the item as it is decoded to the item in wire form. */
export interface Rebased {
  readonly from: string;
  readonly to: string;
  /** The decoded item's schema itself, for references that cannot stay one. */
  readonly root: JsonSchema;
}

/** `{ "S": … }`: a value of one type. */
export function letter(name: string, value: object): JsonSchema {
  return { type: 'object', required: [name], properties: { [name]: value }, additionalProperties: false };
}

/**
 * The wire form of an item: what a map of attribute values has to be, so that it decodes to what the schema takes. Where a keyword
 * cannot be said of wire values the result takes more, never less.
 */
export function wireItem(schema: JsonSchema, rebased: Rebased): JsonSchema {
  const map = wireMap(schema, rebased, []);
  const named = ['definitions', '$defs'].flatMap((keyword) =>
    isSchema(schema[keyword])
      ? [[keyword, mapValues(schema[keyword], (value) => wireValue(value, rebased))] as const]
      : [],
  );
  const definitions = Object.fromEntries(named);
  if (!JSON.stringify(schema).includes(`"$ref":${JSON.stringify(rebased.from)}`))
    return { ...map, ...definitions };
  // Inside of itself it has no keys, so that it stands beside the item by a name of its own.
  return {
    ...map,
    ...definitions,
    definitions: { ...definitions['definitions'], [itself]: letter('M', map) },
  };
}

/** No definition has this name: with a dot go four digits. */
const itself = '.itself';

/** What stands behind the `M` of an object's wire form. */
function wireMap(schema: unknown, rebased: Rebased, seen: readonly unknown[]): JsonSchema {
  if (!isSchema(schema) || seen.includes(schema)) return anyMap;
  const inside = [...seen, schema];
  if (typeof schema['$ref'] === 'string') return wireMap(targetOf(schema['$ref'], rebased), rebased, inside);
  const parts = [
    ...(schema['properties'] || schema['type'] === 'object' ? [ownMap(schema, rebased)] : []),
    ...alternativesOf(schema).map((list) => ({ anyOf: list.map((one) => wireMap(one, rebased, inside)) })),
    ...listAt(schema, 'allOf').map((one) => wireMap(one, rebased, inside)),
  ];
  return together(parts) ?? anyMap;
}

const anyMap: JsonSchema = { type: 'object', additionalProperties: schemaRef('AttributeValue') };

function ownMap(schema: JsonSchema, rebased: Rebased): JsonSchema {
  const { properties, patternProperties, additionalProperties, required } = schema;
  const value = (one: unknown) => wireValue(one, rebased);
  return {
    type: 'object',
    ...kept(schema, ['title', 'description', 'propertyNames', 'minProperties', 'maxProperties']),
    ...(isSchema(properties) && { properties: mapValues(properties, value) }),
    ...(isSchema(patternProperties) && { patternProperties: mapValues(patternProperties, value) }),
    ...(Array.isArray(required) && required.length > 0 && { required }),
    additionalProperties: additionalProperties === false ? false : value(additionalProperties),
  };
}

/** The schema that a reference of the decoded item's schema means; `undefined` for one that leads elsewhere. */
function targetOf(reference: string, { from, root }: Rebased): unknown {
  if (!reference.startsWith(from)) return undefined;
  const steps = reference.slice(from.length).split('/').slice(1);
  return steps.reduce<unknown>((at, step) => (isSchema(at) ? at[step] : undefined), root);
}

/** The wire form of a value. */
function wireValue(schema: unknown, rebased: Rebased): JsonSchema {
  if (schema === false) return { not: {} };
  if (!isSchema(schema)) return schemaRef('AttributeValue') as unknown as JsonSchema;
  if (typeof schema['$ref'] === 'string') return wireReference(schema['$ref'], rebased);
  const types = typesOf(schema);
  const parts = [
    ...(types.length > 0 ? [oneOrAny(types.map((type) => ofType[type](schema, rebased)))] : []),
    ...alternativesOf(schema).map((list) => oneOrAny(list.map((one) => wireValue(one, rebased)))),
    ...listAt(schema, 'allOf').map((one) => wireValue(one, rebased)),
  ];
  return together(parts) ?? { ...kept(schema, ['title', 'description']), ...schemaRef('AttributeValue') };
}

function wireReference(reference: string, { from, to }: Rebased): JsonSchema {
  if (reference === from) return { $ref: `${to}/definitions/${itself}` };
  const path = reference.slice(from.length);
  const isDefinition = reference.startsWith(from) && /^\/(definitions|\$defs)\/[^/]+$/.test(path);
  return isDefinition ? { $ref: `${to}${path}` } : { ...schemaRef('AttributeValue') };
}

type JsonType = 'string' | 'number' | 'integer' | 'boolean' | 'null' | 'array' | 'object';

const ofType: Record<JsonType, (schema: JsonSchema, rebased: Rebased) => JsonSchema> = {
  string: (schema) => described(schema, 'S', textLeaf(schema)),
  number: (schema) => described(schema, 'N', numberLeaf(schema)),
  integer: (schema) => described(schema, 'N', numberLeaf(schema)),
  boolean: (schema) => described(schema, 'BOOL', { type: 'boolean', ...valuesAmong(schema, 'boolean') }),
  null: (schema) => described(schema, 'NULL', { const: true }),
  array: (schema, rebased) => wireList(schema, rebased),
  object: (schema, rebased) => letter('M', ownMap(schema, rebased)),
};

function described(schema: JsonSchema, name: string, leaf: JsonSchema): JsonSchema {
  return { ...kept(schema, ['title', 'description', 'deprecated']), ...letter(name, leaf) };
}

function textLeaf(schema: JsonSchema): JsonSchema {
  const {
    title,
    description,
    deprecated,
    anyOf,
    oneOf,
    allOf,
    not,
    enum: _enum,
    const: _const,
    ...rules
  } = schema;
  return { ...rules, ...valuesAmong(schema, 'string'), type: 'string' };
}

/** Numbers are text: what a schema says of one is kept as `x-number`, as no schema can say it of its digits. */
function numberLeaf(schema: JsonSchema): JsonSchema {
  const numbers = exactly(schema)?.filter((value) => typeof value === 'number');
  const texts = numbers?.map(decimalText);
  if (texts?.every((text) => !text.includes('e'))) return { type: 'string', enum: texts };
  const { title, description, deprecated, anyOf, oneOf, allOf, examples, ...rules } = schema;
  const shown = Array.isArray(examples) ? examples.filter((value) => typeof value === 'number') : [];
  return {
    type: 'string',
    pattern: '^-?\\d+(\\.\\d+)?([eE][+-]?\\d+)?$',
    examples: (shown.length > 0 ? shown : [sampleNumber(schema)]).map(decimalText),
    'x-number': { ...rules, type: schema['type'] === 'integer' ? 'integer' : 'number' },
  };
}

function sampleNumber(schema: JsonSchema): number {
  const type = schema['type'] === 'integer' ? 'integer' : 'number';
  const rules = kept(schema, ['minimum', 'maximum', 'exclusiveMinimum', 'exclusiveMaximum']);
  const found = sample({ type, ...rules }, { quiet: true });
  if (typeof found !== 'number' || !Number.isFinite(found)) return 0;
  const step = schema['multipleOf'];
  return typeof step === 'number' && step > 0 ? Math.ceil(found / step) * step : found;
}

function decimalText(number: number): string {
  return Number.isInteger(number) ? BigInt(number).toString() : String(number);
}

function wireList(schema: JsonSchema, rebased: Rebased): JsonSchema {
  const { items } = schema;
  const value = (one: unknown) => wireValue(one, rebased);
  const rules = { type: 'array', ...kept(schema, ['minItems', 'maxItems', 'uniqueItems']) };
  const type = schema[setType];
  if (type === 'SS' || type === 'NS') {
    const member = isSchema(items) ? items : {};
    return letter(type, {
      ...rules,
      minItems: 1,
      items: type === 'SS' ? textLeaf(member) : numberLeaf(member),
    });
  }
  if (!Array.isArray(items)) return described(schema, 'L', { ...rules, items: value(items) });
  const { additionalItems: others } = schema;
  return described(schema, 'L', {
    ...rules,
    items: items.map(value),
    additionalItems: others === false ? false : value(others),
  });
}

/** What a value may be, where the schema lists that. */
function exactly(schema: JsonSchema): readonly unknown[] | undefined {
  if ('const' in schema) return [schema['const']];
  return Array.isArray(schema['enum']) ? schema['enum'] : undefined;
}

function valuesAmong(schema: JsonSchema, type: string): JsonSchema {
  const values = exactly(schema)?.filter((value) => typeof value === type);
  return values ? { enum: values } : {};
}

/** The types that a schema names, or gives away by its values and keywords. */
function typesOf(schema: JsonSchema): readonly JsonType[] {
  const { type } = schema;
  const named =
    typeof type === 'string' ? [type] : Array.isArray(type) ? type : exactly(schema)?.map(jsonType);
  if (named) return [...new Set(named)].filter((one): one is JsonType => Object.hasOwn(ofType, one));
  const given = (Object.entries(keywordsOf) as [JsonType, readonly string[]][]).find(([, keywords]) =>
    keywords.some((keyword) => keyword in schema),
  );
  return given ? [given[0]] : [];
}

const keywordsOf: { readonly [T in JsonType]?: readonly string[] } = {
  string: ['pattern', 'minLength', 'maxLength', 'format'],
  number: ['minimum', 'maximum', 'exclusiveMinimum', 'exclusiveMaximum', 'multipleOf'],
  array: ['items', 'minItems', 'maxItems', 'uniqueItems'],
  object: ['properties', 'required', 'additionalProperties', 'patternProperties', 'propertyNames'],
};

function jsonType(value: unknown): string {
  if (value === null) return 'null';
  return Array.isArray(value) ? 'array' : typeof value;
}

/** An alternative whose values may be of more than one member becomes one that some member takes. */
function alternativesOf(schema: JsonSchema): readonly (readonly unknown[])[] {
  return ['anyOf', 'oneOf'].map((keyword) => listAt(schema, keyword)).filter((list) => list.length > 0);
}

function listAt(schema: JsonSchema, keyword: string): readonly unknown[] {
  const list = schema[keyword];
  return Array.isArray(list) ? list : [];
}

function oneOrAny(schemas: readonly JsonSchema[]): JsonSchema {
  const [only] = schemas;
  return only && schemas.length === 1 ? only : { anyOf: schemas };
}

function together(parts: readonly JsonSchema[]): JsonSchema | undefined {
  return parts.length > 1 ? { allOf: parts } : parts[0];
}

function kept(schema: JsonSchema, keywords: readonly string[]): JsonSchema {
  return Object.fromEntries(
    keywords.flatMap((name) => (schema[name] === undefined ? [] : [[name, schema[name]]])),
  );
}
