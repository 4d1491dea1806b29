import type { AttributeMap, EntityModel, Model } from '@sluice/core';
import { decodeItem, tableOfModel } from '@sluice/core';
import { sample } from 'openapi-sampler';
import type { JsonSchema, Named } from './asyncapi-document.js';
import { isSchema, schemaRef } from './json-schema.js';

/** An item before and after a change, in wire form. */
export interface SampledChange {
  readonly before: AttributeMap;
  readonly after: AttributeMap;
}

/**
 * An item of a model that its own schema takes, and what one attribute that is no key has become of it, always the same; `undefined` where
 * none was found. `item` is the wire form, and `schemas` what it refers to.
 */
export function sampleChange(
  model: Model,
  item: JsonSchema,
  schemas: Named<JsonSchema>,
): SampledChange | undefined {
  const spec = { components: { schemas: withoutOthers(schemas) } };
  const before = [{}, { skipNonRequired: true }]
    .map((options) => sampled(withoutOthers(item), options, spec))
    .find((one) => one && isTaken(model, one));
  if (!before) return undefined;
  const after = changesOf(model, item, before).find((one) => isTaken(model, one));
  return { before, after: after ?? before };
}

/** The sampler throws for patterns and references that it cannot read. */
function sampled(item: JsonSchema, options: object, spec: object): AttributeMap | undefined {
  try {
    return pruned(sample(item, { quiet: true, enablePatterns: true, ...options }, spec));
  } catch {
    return undefined;
  }
}

/** The sampler invents two attributes wherever others are allowed. */
function withoutOthers<T extends object>(schema: T): T {
  const { $ref } = schemaRef('AttributeValue');
  return JSON.parse(JSON.stringify(schema), (keyword, value) =>
    keyword === 'additionalProperties' && value?.$ref === $ref ? undefined : value,
  );
}

/** Without what the sampler leaves empty where a schema contains itself. */
function pruned(value: unknown): AttributeMap {
  return (
    JSON.parse(JSON.stringify(value ?? {}), (_name, one) => {
      if (Array.isArray(one)) return one.filter((element) => element !== undefined);
      return isSchema(one) && Object.keys(one).length === 0 ? undefined : one;
    }) ?? {}
  );
}

/** Whether the schema takes the item. One that answers later is believed to. */
function isTaken(model: Model, item: AttributeMap): boolean {
  try {
    const decoded = decodeItem(item, tableOfModel(model).numbers);
    const answer = schemaOf(model)?.['~standard'].validate(decoded);
    if (answer instanceof Promise) answer.catch(() => undefined);
    return answer === undefined || answer instanceof Promise || !answer.issues;
  } catch {
    return false;
  }
}

function schemaOf(model: Model): EntityModel['schema'] {
  return model.kind === 'entity' ? model.schema : undefined;
}

/** The item with another value of one attribute, for each that is no key: first with values that its schema lists. */
function changesOf(model: Model, item: JsonSchema, before: AttributeMap): readonly AttributeMap[] {
  const { partition, sort } = tableOfModel(model).keys;
  const properties = isSchema(item['properties']) ? item['properties'] : {};
  const names = Object.keys(before).filter((name) => name !== partition && name !== sort);
  if (names.length === 0) return [{ ...before, attribute: { S: 'added' } }];
  const changed = (valuesOf: typeof invented) =>
    names.flatMap((name) =>
      Object.entries(before[name] ?? {}).flatMap(([letter, inside]) =>
        valuesOf(leafOf(properties[name], letter), letter, inside)
          .filter((other) => other !== inside)
          .map((other) => ({ ...before, [name]: { [letter]: other } }) as AttributeMap),
      ),
    );
  return [...changed(listed), ...changed(invented)];
}

function listed(leaf: JsonSchema): readonly unknown[] {
  const { enum: choices, examples } = leaf;
  return Array.isArray(choices) ? choices : Array.isArray(examples) ? examples : [];
}

function invented(leaf: JsonSchema, letter: string, inside: unknown): readonly unknown[] {
  return Array.isArray(leaf['enum']) ? [] : (inventions[letter]?.(inside) ?? []);
}

function leafOf(schema: unknown, letter: string): JsonSchema {
  const properties = isSchema(schema) ? schema['properties'] : undefined;
  const leaf = isSchema(properties) ? properties[letter] : undefined;
  return isSchema(leaf) ? leaf : {};
}

const inventions: Named<((inside: unknown) => readonly unknown[]) | undefined> = {
  S: (text) => [`another ${text}`],
  N: (text) => [String(Number(text) + 1), String(Number(text) - 1)],
  BOOL: (value) => [!value],
};
