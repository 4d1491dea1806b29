import type { EntityModel } from '@sluice/core';
import type { JsonSchema } from './asyncapi-document.js';
import { isSchema, mapValues } from './json-schema.js';
import { setType } from './wire-schema.js';

/**
 * What an entity's schema takes, as a JSON Schema of draft 7: an item as it is stored, decoded. Its references are into `at`, the place that it
 * gets in the document. `undefined` without a schema, and where its library does not say; sets are lists marked with their type.
 *
 * Source: https://standardschema.dev/json-schema
 */
export function itemSchema({ schema }: EntityModel, at: string): JsonSchema | undefined {
  try {
    const given = converterOf(schema)?.input({ target: 'draft-07', libraryOptions: { unrepresentable } });
    return isSchema(given) ? (cleaned(given, at) as JsonSchema) : undefined;
  } catch {
    // A library throws for what JSON Schema cannot say. The item is shown without a form of its own then.
    return undefined;
  }
}

function converterOf(schema: EntityModel['schema']): Converter | undefined {
  return (schema?.['~standard'] as { readonly jsonSchema?: Converter } | undefined)?.jsonSchema;
}

/** What is used of the Standard JSON Schema interface. */
interface Converter {
  readonly input: (options: { readonly target: string; readonly libraryOptions: object }) => unknown;
}

/** zod asks for what JSON has no type for: sets and big integers are what DynamoDB has types for, the rest may be anything. */
function unrepresentable({ zodSchema }: { readonly zodSchema: Definition }): JsonSchema | 'any' {
  const { type, valueType } = zodSchema._zod.def;
  if (type === 'bigint') return { type: 'integer' };
  const member = valueType?._zod.def.type;
  if (type === 'set' && member === 'string') return setOf('SS', 'string');
  if (type === 'set' && (member === 'number' || member === 'bigint')) return setOf('NS', 'number');
  return 'any';
}

/** What is read of a zod schema. */
interface Definition {
  readonly _zod: { readonly def: { readonly type: string; readonly valueType?: Definition } };
}

function setOf(name: 'SS' | 'NS', type: string): JsonSchema {
  return { type: 'array', uniqueItems: true, items: { type }, [setType]: name };
}

/** Keywords whose value is a schema, a list of them, or schemas by names. All others have plain data. */
const schemaKeywords = new Set(
  'items additionalItems contains additionalProperties propertyNames not if then else allOf anyOf oneOf prefixItems'.split(
    ' ',
  ),
);
const schemaMaps = new Set(['properties', 'patternProperties', 'definitions', '$defs', 'dependencies']);
/** They would move the place that references start from, or name another dialect. */
const dropped = new Set(['$schema', '$id', 'id', '$anchor']);

/** A schema without what belongs to a document of its own, with its references led to where it stands now. */
function cleaned(schema: unknown, at: string): unknown {
  if (Array.isArray(schema)) return schema.map((one) => cleaned(one, at));
  if (!isSchema(schema)) return schema;
  const entries = Object.entries(schema).flatMap(([keyword, value]) => {
    if (dropped.has(keyword) || value === undefined) return [];
    if (keyword === '$ref')
      return typeof value === 'string' && value.startsWith('#') ? [[keyword, rebase(value, at)]] : [];
    if (schemaKeywords.has(keyword)) return [[keyword, cleaned(value, at)]];
    if (schemaMaps.has(keyword) && isSchema(value)) return [[keyword, cleanedMap(keyword, value, at)]];
    const data = asJson(value);
    return data === undefined ? [] : [[keyword, data]];
  });
  return Object.fromEntries(entries);
}

function cleanedMap(keyword: string, schemas: JsonSchema, at: string): JsonSchema {
  if (!isDefinitions(keyword)) return mapValues(schemas, (one) => cleaned(one, at));
  return Object.fromEntries(
    Object.entries(schemas).map(([name, one]) => [definitionName(name), cleaned(one, at)]),
  );
}

function isDefinitions(keyword: string | undefined): boolean {
  return keyword === 'definitions' || keyword === '$defs';
}

function rebase(reference: string, at: string): string {
  const [, keyword, ...name] = reference.split('/');
  if (!isDefinitions(keyword)) return `${at}${reference.slice(1)}`;
  return `${at}/${keyword}/${definitionName(name.join('/').replaceAll('~1', '/').replaceAll('~0', '~'))}`;
}

/** A name that needs no escapes in a reference. */
function definitionName(name: string): string {
  return name.replace(/[^\w.-]/g, '-');
}

function asJson(value: unknown): unknown {
  const text = JSON.stringify(value, (_key, one) => (typeof one === 'bigint' ? Number(one) : one));
  return text === undefined ? undefined : JSON.parse(text);
}
