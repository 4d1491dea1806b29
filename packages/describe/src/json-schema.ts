import type { JsonSchema, Reference } from './asyncapi-document.js';

/** A schema of the document by its name. */
export function schemaRef(name: string): Reference {
  return { $ref: `#/components/schemas/${name}` };
}

export function text(description: string, keywords: JsonSchema = {}): JsonSchema {
  return { type: 'string', description, ...keywords };
}

export function object(keywords: JsonSchema): JsonSchema {
  return { type: 'object', ...keywords };
}

export function listOf(items: object, description: string, keywords: JsonSchema = {}): JsonSchema {
  return { type: 'array', items, description, ...keywords };
}

/** The same names with other values; a name such as `__proto__` stays a name. */
export function mapValues<T, R>(of: { readonly [name: string]: T }, to: (value: T, name: string) => R) {
  return Object.fromEntries(Object.entries(of).map(([name, value]) => [name, to(value, name)]));
}

export function isSchema(value: unknown): value is JsonSchema {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
