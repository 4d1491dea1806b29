import type { EntityModel } from '@sluice/core';
import type { JsonSchema } from './asyncapi-document.js';
import { isSchema, mapValues } from './json-schema.js';
import { zodOptions } from './zod-input.js';

/**
 * What an entity's schema takes, as a JSON Schema of draft 7: an item as it is stored, decoded. Its references are into `at`, the place that it
 * gets in the document. `undefined` without a schema, and where its library does not say; sets are lists marked with their type.
 *
 * Source: https://standardschema.dev/json-schema
 */
export function itemSchema({ schema }: EntityModel, at: string): JsonSchema | undefined {
  try {
    const given = converterOf(schema)?.input({ target: 'draft-07', libraryOptions: zodOptions });
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

/** Keywords whose value is a schema, a list of them, or schemas by names. All others have plain data. */
const schemaKeywords = new Set(
  'items additionalItems contains additionalProperties propertyNames not if then else allOf anyOf oneOf prefixItems'.split(
    ' ',
  ),
);
const schemaMaps = new Set(['properties', 'patternProperties', 'definitions', '$defs', 'dependencies']);
/**
 * They would move the place that references start from, or name another dialect. A default may be computed: the document would be another one
 * each time, and could tell what is of the environment alone.
 */
const dropped = new Set(['$schema', '$id', 'id', '$anchor', 'default']);

/** A schema without what belongs to a document of its own, with its references led to where it stands now. */
function cleaned(schema: unknown, at: string): unknown {
  if (Array.isArray(schema)) return schema.map((one) => cleaned(one, at));
  if (!isSchema(schema)) return schema;
  const entries = Object.entries(schema).flatMap(([keyword, value]) => {
    if (dropped.has(keyword) || value === undefined) return [];
    if (keyword === 'pattern' && !isStrictPattern(value)) return [];
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

/** A name that needs no escapes in a reference, and is no other one's. */
function definitionName(name: string): string {
  return name.replace(/[^\w-]/g, (unit) => `.${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

/** Readers of JSON Schema take patterns as Unicode, where a needless escape is an error. */
function isStrictPattern(pattern: unknown): boolean {
  try {
    return typeof pattern === 'string' && new RegExp(pattern, 'u') !== undefined;
  } catch {
    return false;
  }
}

function asJson(value: unknown): unknown {
  const text = JSON.stringify(value, (_key, one) => (typeof one === 'bigint' ? Number(one) : one));
  return text === undefined ? undefined : JSON.parse(text);
}
