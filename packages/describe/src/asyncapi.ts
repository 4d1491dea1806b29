import { type Model, type RoutedTable, type Router, tableOfModel } from '@sluice/core';
import type { AsyncApiDocument, Channel, Contact, Info, License } from './asyncapi-document.js';
import { about, securitySchemes, servers, triggerParts } from './asyncapi-frame.js';
import { type ModelParts, modelParts } from './asyncapi-messages.js';
import { naming } from './asyncapi-names.js';
import { operationOf, type Place } from './asyncapi-operations.js';
import { routeList } from './route-list.js';
import { streamSchemas, windowEventSchema } from './stream-schemas.js';

export interface AsyncApiOptions {
  /** Of the application; the router's name by default. */
  readonly title?: string;
  /** Of the application; `'1.0.0'` by default. */
  readonly version?: string;
  /** What the application is, in Markdown; its tables and how many routes it has by default. */
  readonly description?: string;
  readonly contact?: Contact;
  readonly license?: License;
}

/**
 * The application of a router as an AsyncAPI 3.0 document, as plain JSON data: a channel for each table's stream and one for Lambda's trigger, an
 * operation for each route, and for each entity or whole table its messages, with records and items in wire form and examples.
 */
export function asyncApi(
  router: Pick<Router, 'name' | 'routes' | 'tables'>,
  options: AsyncApiOptions = {},
): AsyncApiDocument {
  const hasWindows = router.routes.some(({ window }) => window);
  const trigger = triggerParts(hasWindows);
  const models = modelsOf(router);
  const channels = channelsOf(router, models);
  const places = new Map(
    models.map(({ model, name, table }) => [model, { model: name, channel: channels.nameOf(table) }]),
  );
  const document: AsyncApiDocument = {
    asyncapi: '3.0.0',
    info: infoOf(router, options),
    defaultContentType: 'application/json',
    servers,
    channels: { ...channels.channels, lambdaTrigger: trigger.channel },
    operations: { ...operationsOf(router, places), onLambdaTrigger: trigger.operation },
    components: {
      securitySchemes,
      messages: Object.assign({}, ...models.map(({ parts }) => parts.messages), trigger.messages),
      schemas: {
        ...streamSchemas,
        ...(hasWindows && { LambdaWindowEvent: windowEventSchema }),
        ...Object.assign({}, ...models.map(({ parts }) => parts.schemas)),
      },
    },
  };
  // A tree, in which nothing is shared: a writer of YAML would show that as anchors.
  return JSON.parse(JSON.stringify(document));
}

function infoOf({ name, routes, tables }: Parameters<typeof asyncApi>[0], options: AsyncApiOptions): Info {
  const { title, version, description, contact, license } = options;
  const texts = [...new Set(tables.map(({ text }) => `\`${text}\``))].join(', ');
  return {
    title: title ?? name ?? 'Handlers of DynamoDB Streams',
    version: version ?? '1.0.0',
    description:
      description ??
      `Handles changes of ${texts}, by ${routes.length} ${routes.length === 1 ? 'route' : 'routes'}.`,
    ...(contact && { contact }),
    ...(license && { license }),
    ...about,
  };
}

/** A model that routes are of, and what the document calls it. */
interface NamedModel {
  readonly model: Model;
  readonly name: string;
  readonly table: RoutedTable;
  readonly parts: ModelParts;
}

function modelsOf({ routes, tables }: Pick<Router, 'routes' | 'tables'>): readonly NamedModel[] {
  const name = naming([...Object.keys(streamSchemas), 'LambdaStreamEvent', 'LambdaWindowEvent']);
  return [...new Set(routes.map(({ model }) => model))].flatMap((model) => {
    const table = tables.find((one) => one.model.name === tableOfModel(model).name);
    if (!table) return [];
    // A dot is what tells a model's parts from it.
    const wanted = (model.kind === 'table' ? tableName(table.text) : model.name).replaceAll('.', '-');
    const given = name(wanted, 'Item');
    return [{ model, name: given, table, parts: modelParts(given, model, table) }];
  });
}

/** A channel for each stream that tables mean: those with the same name or ARN share one. */
function channelsOf({ tables }: Pick<Router, 'tables'>, models: readonly NamedModel[]) {
  const name = naming(['lambdaTrigger']);
  const names = new Map<string, string>();
  for (const { text } of tables) if (!names.has(text)) names.set(text, name(tableName(text), 'table'));
  const nameOf = ({ text }: RoutedTable) => names.get(text) ?? '';
  const channels = [...names].map(([text, channel]) => {
    const messages = models
      .filter(({ table }) => table.text === text)
      .flatMap(({ parts }) => Object.keys(parts.messages));
    return [channel, channelOf(text, messages)] as const;
  });
  return { nameOf, channels: Object.fromEntries(channels) };
}

function channelOf(text: string, messages: readonly string[]): Channel {
  const name = tableName(text);
  const isPattern = name.includes('*');
  const parameters = {
    ...(isPattern && {
      tableName: {
        description: `A table whose name fits \`${name}\`.`,
        examples: [name.replaceAll('*', '1')],
      },
    }),
    streamLabel: {
      description: 'When the stream was made, as its ARN ends.',
      examples: ['2026-03-03T00:00:00.000'],
    },
  };
  return {
    address: `/${isPattern ? '{tableName}' : name}/stream/{streamLabel}`,
    title: `The stream of ${text}`,
    description: `Every change of the items of \`${text}\`, those of one item in the order in which they were written.`,
    servers: [{ $ref: '#/servers/production' }],
    parameters,
    messages: Object.fromEntries(
      messages.map((message) => [message, { $ref: `#/components/messages/${message}` }]),
    ),
  };
}

/** The last part of an ARN. */
function tableName(text: string): string {
  return text.slice(text.lastIndexOf('/') + 1);
}

function operationsOf(router: Pick<Router, 'routes' | 'tables'>, places: ReadonlyMap<Model, Place>) {
  const name = naming(['onLambdaTrigger']);
  const entries = routeList(router);
  const operations = router.routes.flatMap((route, index) => {
    const entry = entries[index];
    const place = places.get(route.model);
    return entry && place ? [[name(route.id, 'route'), operationOf(route, entry, place)] as const] : [];
  });
  return Object.fromEntries(operations);
}
