import type { EventName, Model, RoutedTable } from '@sluice/core';
import { imagesCarried, tableOfModel } from '@sluice/core';
import type { JsonSchema, Message, Named } from './asyncapi-document.js';
import { examplesOf } from './asyncapi-examples.js';
import { itemSchema } from './item-schema.js';
import { isSchema, object, schemaRef } from './json-schema.js';
import { keySchemas } from './key-schema.js';
import { sampleChange } from './sample-item.js';
import { streamSchemas } from './stream-schemas.js';
import { letter, wireItem } from './wire-schema.js';

/** What a stream carries of one model, as parts of the document by their names. */
export interface ModelParts {
  readonly schemas: Named<JsonSchema>;
  readonly messages: Named<Message>;
}

const events = ['INSERT', 'MODIFY', 'REMOVE'] as const satisfies readonly EventName[];

/** The name of a model's message for an event, where `name` is what the document calls the model. */
export function messageName(name: string, eventName: EventName): string {
  return `${name}.${eventName.toLowerCase()}`;
}

/**
 * The schemas of a model: `name` is the item as handlers know it, where its schema says so, `name.item` and `name.keys` are its wire forms, and
 * `name.insert`, `name.modify` and `name.remove` are the records, with a message for each.
 */
export function modelParts(name: string, model: Model, table: RoutedTable): ModelParts {
  const keys = keySchemas(model);
  const decoded = model.kind === 'entity' ? itemSchema(model, schemaRef(name).$ref) : undefined;
  const item = itemOf(name, model, keys, decoded);
  const schemas = {
    ...(decoded && { [name]: { title: model.name, ...decoded } }),
    [`${name}.keys`]: keysOf(keys, `The key attributes of ${subjectOf(model)}.`),
    [`${name}.item`]: item,
    ...Object.fromEntries(
      events.map((eventName) => [messageName(name, eventName), recordSchema(name, eventName, model)]),
    ),
  };
  const change = sampleChange(model, item, { ...streamSchemas, ...schemas });
  const messages = events.map((eventName) => {
    const examples = change && { examples: examplesOf(eventName, model, table, change) };
    return [
      messageName(name, eventName),
      { ...messageOf(name, eventName, model, table), ...examples },
    ] as const;
  });
  return { schemas, messages: Object.fromEntries(messages) };
}

function subjectOf(model: Model): string {
  return model.kind === 'table' ? `items of the table ${model.name}` : `items of the kind ${model.name}`;
}

function keysOf(keys: Named<JsonSchema>, description: string): JsonSchema {
  return object({ description, required: Object.keys(keys), properties: keys, additionalProperties: false });
}

/** The item in wire form: what its schema says, the key attributes as its templates say, and when it expires. */
function itemOf(
  name: string,
  model: Model,
  keys: Named<JsonSchema>,
  decoded: JsonSchema | undefined,
): JsonSchema {
  const { ttl } = tableOfModel(model);
  const form = decoded
    ? wireItem(decoded, { from: schemaRef(name).$ref, to: schemaRef(`${name}.item`).$ref, root: decoded })
    : { type: 'object', additionalProperties: schemaRef('AttributeValue') };
  const said = isSchema(form['properties']) ? form['properties'] : {};
  const templates = model.kind === 'entity' ? model.key : {};
  const own = Object.entries(keys).filter(
    ([key]) => Object.hasOwn(templates, key) || !Object.hasOwn(said, key),
  );
  const required = Array.isArray(form['required']) ? form['required'] : [];
  return {
    type: 'object',
    ...form,
    title: `${model.name} in wire form`,
    description: decoded
      ? `What the schema of ${model.name} says, as attribute values.`
      : 'Nothing is said of its attributes but the keys.',
    properties: {
      ...Object.fromEntries(own),
      ...without(
        said,
        own.map(([key]) => key),
      ),
      ...(ttl !== undefined && !Object.hasOwn(said, ttl) && !Object.hasOwn(keys, ttl) && { [ttl]: expiry }),
    },
    required: [...new Set([...Object.keys(keys), ...required])],
  };
}

function without(schemas: JsonSchema, names: readonly string[]): JsonSchema {
  return Object.fromEntries(Object.entries(schemas).filter(([name]) => !names.includes(name)));
}

/** DynamoDB expires by numbers alone, and lets other values be. */
const expiry: JsonSchema = {
  description: 'The time to live: a number of seconds since 1970 after which DynamoDB removes the item.',
  anyOf: [letter('N', { type: 'string', examples: ['1772400000'] }), schemaRef('AttributeValue')],
};

/** A stream record, narrowed to its event, its view and its model. */
function recordSchema(name: string, eventName: EventName, model: Model): JsonSchema {
  const { view } = tableOfModel(model);
  const images = [...imagesCarried(view, eventName)];
  const missing = ['NewImage', 'OldImage'].filter((image) => !(images as readonly string[]).includes(image));
  return {
    title: `${eventName} of ${model.name}`,
    description: `The stream record of it: ${doneTo[eventName]}`,
    allOf: [
      schemaRef('StreamRecord'),
      object({
        properties: {
          eventName: { const: eventName },
          dynamodb: object({
            required: ['Keys', ...images],
            properties: {
              Keys: schemaRef(`${name}.keys`),
              ...Object.fromEntries(images.map((image) => [image, schemaRef(`${name}.item`)])),
              StreamViewType: { const: view },
            },
            ...(missing.length > 0 && { not: { anyOf: missing.map((image) => ({ required: [image] })) } }),
          }),
        },
      }),
    ],
  };
}

const doneTo: Record<EventName, string> = {
  INSERT: 'an item was put where none was.',
  MODIFY: 'an item was written again, with other attributes.',
  REMOVE: 'an item was removed.',
};

function messageOf(name: string, eventName: EventName, model: Model, table: RoutedTable): Message {
  const { view, ttl } = tableOfModel(model);
  const where = model.kind === 'entity' ? `${model.name} in ${table.text}` : `Item of ${table.text}`;
  const parts = ['the keys', ...[...imagesCarried(view, eventName)].map((image) => `\`${image}\``)];
  const expiry =
    eventName === 'REMOVE' && ttl !== undefined
      ? ` Items that expire by \`${ttl}\` come so too, with a \`userIdentity\` that names DynamoDB.`
      : '';
  return {
    name: messageName(name, eventName),
    title: `${where}: ${eventName}`,
    summary: `In ${table.text} ${doneTo[eventName]}`,
    description: `With the view \`${view}\` it has ${listed(parts)}.${expiry}`,
    contentType: 'application/json',
    payload: schemaRef(messageName(name, eventName)),
  };
}

function listed(parts: readonly string[]): string {
  return parts.length < 2 ? `${parts.join()} alone` : `${parts.slice(0, -1).join(', ')} and ${parts.at(-1)}`;
}
