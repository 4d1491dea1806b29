import {
  createRouter,
  type EventName,
  type Model,
  type Route,
  type Router,
  route,
  type StreamRecord,
  type StreamViewType,
  table,
  where,
} from '@sluice/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { asyncApi } from './asyncapi.js';
import type { AsyncApiDocument, Operation } from './asyncapi-document.js';
import { diagnosticsOf, schemaJudge } from './testing/check-document.js';

fc.configureGlobal({ seed: Number(process.env['SLUICE_SEED'] ?? 20_261_122) });

const noop = () => undefined;
const keys = { partition: 'pk', sort: 'sk' };
const shop = table('shop', { keys, ttl: 'expiresAt' });
const Order = shop.entity('Order', {
  key: { pk: 'USER#:userId', sk: 'ORDER#:orderId' },
  schema: z.object({ status: z.enum(['PENDING', 'PAID']), total: z.number().min(0) }),
});

function documentOf(...routes: Route[]): AsyncApiDocument {
  return asyncApi(createRouter({ name: 'shop-mail', routes }));
}

function operationOf(one: Route): Operation | undefined {
  return documentOf(one).operations[one.id];
}

describe('an application', () => {
  it('has a channel for each table and one for the trigger', () => {
    const eu = table('arn:aws:dynamodb:eu-central-1:123456789012:table/shop', { keys });
    const carts = table('cart-*', { keys });
    const { channels } = documentOf(
      route.insert(shop, { id: 'a' }, noop),
      route.insert(eu, { id: 'b' }, noop),
      route.insert(carts, { id: 'c' }, noop),
    );
    const addresses = Object.entries(channels).map(([name, { address, parameters }]) => [
      name,
      address,
      Object.keys(parameters),
    ]);
    expect(addresses).toEqual([
      ['shop', '/shop/stream/{streamLabel}', ['streamLabel']],
      ['shop-2', '/shop/stream/{streamLabel}', ['streamLabel']],
      ['cart', '/{tableName}/stream/{streamLabel}', ['tableName', 'streamLabel']],
      ['lambdaTrigger', '/lambda/event-source/{eventSourceMappingId}', ['eventSourceMappingId']],
    ]);
  });

  it('has the messages of each of its entities, and of tables that routes take as a whole', () => {
    const { channels, components } = documentOf(
      route.insert(Order, { id: 'a' }, noop),
      route.insert(shop, { id: 'b' }, noop),
    );
    const names = ['Order', 'shop'].flatMap((name) => [`${name}.insert`, `${name}.modify`, `${name}.remove`]);
    expect(Object.keys(channels['shop']?.messages ?? {})).toEqual(names);
    expect(Object.keys(components.messages)).toEqual([...names, 'LambdaStreamEvent']);
  });

  it('is named by what it is given, and by its router otherwise', () => {
    const router = createRouter({ name: 'shop-mail', routes: route.insert(Order, { id: 'a' }, noop) });
    const contact = { name: 'Us', email: 'us@example.com' };
    const options = {
      title: 'Mail',
      version: '2.0.0',
      description: 'Mails.',
      contact,
      license: { name: 'MIT' },
    };
    expect(asyncApi(router).info).toMatchObject({ title: 'shop-mail', version: '1.0.0' });
    expect(asyncApi(router, options).info).toMatchObject(options);
  });

  it('says what a function with window routes is invoked with', () => {
    const fold = { add: (state: { n: number }) => state, close: noop };
    const window = route.window(Order, { id: 'sum', state: z.object({ n: z.number().default(0) }) }, fold);
    const document = documentOf(window);
    expect(document.operations['onLambdaTrigger']?.messages).toHaveLength(2);
    expect(document.operations['sum']).toMatchObject({ 'x-window': true });
    const event = {
      Records: [],
      window: { start: 'a', end: 'b' },
      state: {},
      shardId: 's',
      eventSourceARN: 'arn',
    };
    const judge = schemaJudge(document);
    expect(judge('LambdaWindowEvent', { ...event, isFinalInvokeForWindow: true })).toBeUndefined();
    expect(judge('LambdaWindowEvent', event)).toContain('isFinalInvokeForWindow');
    expect(documentOf(route.on(Order, { id: 'a' }, noop)).components.schemas).not.toHaveProperty(
      'LambdaWindowEvent',
    );
  });

  it('has nothing that a schema computes while it is written', () => {
    let count = 0;
    const schema = z.object({
      at: z.string().default(() => `made ${++count}`),
      by: z.string().prefault(() => `made ${++count}`),
      of: z.string().catch(() => `made ${++count}`),
    });
    const Thing = shop.entity('Thing', { schema });
    const text = JSON.stringify(documentOf(route.on(Thing, { id: 'a' }, noop)));
    expect(text.match(/made \d/g)).toBeNull();
  });

  it('is plain data, the same for the same router', () => {
    const router = createRouter({ routes: route.on(Order, { id: 'a' }, noop) });
    expect(JSON.stringify(asyncApi(router))).toBe(JSON.stringify(asyncApi(router)));
    expect(asyncApi(router)).toEqual(JSON.parse(JSON.stringify(asyncApi(router))));
  });
});

describe('the operation of a route', () => {
  it('says its filter in words and as data', () => {
    const when = Order.attr('status').from('PENDING').to('PAID');
    const operation = operationOf(route.modify(Order, { id: 'mail.receipt', when }, noop));
    expect(operation).toMatchObject({
      action: 'receive',
      channel: { $ref: '#/channels/shop' },
      title: 'mail.receipt',
      summary: 'MODIFY of Order in shop, when status changed from "PENDING" to "PAID"',
      messages: [{ $ref: '#/channels/shop/messages/Order.modify' }],
    });
    expect(operation?.['x-filter']).toMatchObject({ kind: 'all', filters: [{}, {}, { kind: 'changed' }] });
  });

  it('says its options where they are set, and nothing of those that are not', () => {
    const bare = operationOf(route.on(Order, { id: 'a' }, noop));
    expect(Object.keys(bare ?? {}).filter((key) => key.startsWith('x-'))).toEqual(['x-filter']);
    const onFailure = { action: 'drop', attempts: 3, destination: async () => undefined } as const;
    const options = { id: 'a', order: 2, exclusive: 'mail', onFailure };
    expect(operationOf(route.batch(Order, { ...options, maxSize: 25 }, noop))).toMatchObject({
      'x-order': 2,
      'x-exclusive': 'mail',
      'x-max-size': 25,
      'x-on-failure': { action: 'drop', attempts: 3, sent: true },
    });
  });

  it('has the messages that its filter can pass alone', () => {
    const changed = operationOf(route.on(Order, { id: 'a', when: Order.attr('total').increased() }, noop));
    expect(changed?.messages).toEqual([{ $ref: '#/channels/shop/messages/Order.modify' }]);
    const some = operationOf(route.on(Order, { id: 'a', events: ['INSERT', 'REMOVE'] }, noop));
    expect(some?.messages).toHaveLength(2);
  });

  it('has the description of a `where`, not its function', () => {
    const when = where('odd', ({ dynamodb }) => dynamodb.SequenceNumber.endsWith('1'), { reads: [] });
    const operation = operationOf(route.insert(Order, { id: 'a', when }, noop));
    expect(JSON.stringify(operation?.['x-filter'])).toContain(
      '{"kind":"where","description":"odd","reads":[]}',
    );
  });
});

/** What a record of the message has to be is told by taking a good one and changing it. */
describe('the payload of a message', () => {
  const document = documentOf(route.on(Order, { id: 'a' }, noop));
  const judge = schemaJudge(document);
  const [example] = document.components.messages['Order.modify']?.examples ?? [];
  const record = example?.payload as StreamRecord | undefined;
  const changed = (dynamodb: object, others: object = {}) => ({
    ...record,
    ...others,
    dynamodb: { ...record?.dynamodb, ...dynamodb },
  });
  const images = { NewImage: record?.dynamodb.NewImage, OldImage: record?.dynamodb.OldImage };

  it('takes the record of its event', () => expect(judge('Order.modify', record)).toBeUndefined());

  it.each([
    ['another event', changed({}, { eventName: 'INSERT' })],
    ['another view', changed({ StreamViewType: 'KEYS_ONLY' })],
    ['no images', changed({ NewImage: undefined, OldImage: undefined })],
    ['other keys', changed({ Keys: { pk: { S: 'USER#1' }, sk: { S: 'CART' } } })],
    ['keys of another type', changed({ Keys: { pk: { N: '1' }, sk: { S: 'ORDER#1' } } })],
    ['a missing key', changed({ Keys: { pk: { S: 'USER#1' } } })],
    ['a plain item', changed({ NewImage: { ...images.NewImage, total: 1 } })],
    ['another value', changed({ NewImage: { ...images.NewImage, status: { S: 'LOST' } } })],
    ['another type', changed({ OldImage: { ...images.OldImage, total: { S: '1' } } })],
    ['a missing attribute', changed({ NewImage: { ...images.NewImage, total: undefined } })],
  ])('refuses %s', (_what, other) => {
    expect(judge('Order.modify', JSON.parse(JSON.stringify(other)))).toBeDefined();
  });

  it('takes attributes that the schema does not name, as attribute values', () => {
    expect(
      judge('Order.modify', changed({ NewImage: { ...images.NewImage, note: { L: [] } } })),
    ).toBeUndefined();
    expect(judge('Order.modify', changed({ NewImage: { ...images.NewImage, note: {} } }))).toBeDefined();
  });

  it.each<[StreamViewType, EventName, readonly string[]]>([
    ['KEYS_ONLY', 'MODIFY', []],
    ['NEW_IMAGE', 'MODIFY', ['NewImage']],
    ['OLD_IMAGE', 'MODIFY', ['OldImage']],
    ['OLD_IMAGE', 'INSERT', []],
    ['NEW_IMAGE', 'REMOVE', []],
    ['NEW_AND_OLD_IMAGES', 'REMOVE', ['OldImage']],
  ])('with %s a %s carries %j, and nothing else', (view, eventName, carried) => {
    const model = table('views', { keys, view });
    const ofView = documentOf(route.on(model, { id: 'a' }, noop));
    const message = `views.${eventName.toLowerCase()}`;
    const payload = ofView.components.messages[message]?.examples?.[0]?.payload as StreamRecord | undefined;
    const found = Object.keys(payload?.dynamodb ?? {}).filter((name) => name.endsWith('Image'));
    expect(found).toEqual(carried);
    for (const image of ['NewImage', 'OldImage']) {
      const other = { ...payload, dynamodb: { ...payload?.dynamodb, [image]: images.NewImage } };
      expect(schemaJudge(ofView)(message, other) === undefined).toBe(carried.includes(image));
    }
  });
});

describe('the examples', () => {
  it('show an expiry where items expire', () => {
    const names = (of: Model) =>
      Object.values(documentOf(route.on(of, { id: 'a' }, noop)).components.messages).flatMap(
        ({ examples = [] }) => examples.map(({ name }) => name),
      );
    expect(names(shop)).toEqual(['inserted', 'modified', 'removed', 'expired']);
    expect(names(table('shop', { keys }))).toEqual(['inserted', 'modified', 'removed']);
  });

  it('change what a modification changed', () => {
    const { components } = documentOf(route.on(Order, { id: 'a' }, noop));
    const record = components.messages['Order.modify']?.examples?.[0]?.payload as unknown as StreamRecord;
    expect(record.dynamodb.OldImage).toMatchObject({ status: { S: 'PENDING' } });
    expect(record.dynamodb.NewImage).toMatchObject({ status: { S: 'PAID' } });
  });

  it('are left out where the schema refuses all that were tried', () => {
    const Odd = shop.entity('Odd', {
      schema: z.object({ code: z.string().refine((code) => code === 'x7') }),
    });
    const { components } = documentOf(route.on(Odd, { id: 'a' }, noop));
    expect(components.messages['Odd.insert']).not.toHaveProperty('examples');
  });

  it('are what the schema suggests', () => {
    const name = z.string().meta({ examples: ['Ada', 'Grace'] });
    const Person = shop.entity('Person', { schema: z.object({ name }) });
    const { components } = documentOf(route.on(Person, { id: 'a' }, noop));
    const record = components.messages['Person.modify']?.examples?.[0]?.payload as unknown as StreamRecord;
    expect(record.dynamodb).toMatchObject({
      OldImage: { name: { S: 'Ada' } },
      NewImage: { name: { S: 'Grace' } },
    });
  });
});

/** Ids, names and descriptions of tables with whatever they may hold. */
const names = fc.oneof(
  fc.string({ minLength: 1, maxLength: 12 }),
  fc.constantFrom('a.b', 'a b', 'a/b', 'ünï', '#', '{x}', '~1', '__proto__', 'constructor', 'StreamRecord'),
);
const tables = fc.constantFrom(
  'orders',
  'my.table',
  '*',
  'a*b',
  'arn:aws:dynamodb:*:*:table/x-*',
  'arn:aws:dynamodb:eu-west-1:123456789012:table/orders',
);
const templates = fc.constantFrom(
  undefined,
  'USER#:id',
  ':id',
  ':a-:b',
  'LOG#:path*',
  '::x:id',
  '1:n',
  'a.b+(c)#:x',
);
const schemas = fc.constantFrom(
  undefined,
  z.object({ name: z.string(), tags: z.set(z.string()).optional() }),
  z.object({ 'a/b': z.union([z.number(), z.null()]), big: z.bigint() }),
  z.discriminatedUnion('kind', [
    z.object({ kind: z.literal('a') }),
    z.object({ kind: z.literal('b'), n: z.int() }),
  ]),
  z.strictObject({ pk: z.string(), sk: z.string(), expiresAt: z.number().optional() }),
);
const views = fc.constantFrom<StreamViewType>('KEYS_ONLY', 'NEW_IMAGE', 'OLD_IMAGE', 'NEW_AND_OLD_IMAGES');
const models = fc
  .record({
    table: tables,
    view: views,
    ttl: fc.boolean(),
    entity: fc.option(names),
    pk: templates,
    sk: templates,
    schema: schemas,
  })
  .map(({ table: name, view, ttl, entity, pk, sk, schema }): Model => {
    const of = table(name, { keys, view, ...(ttl && { ttl: 'expiresAt' }) });
    const key = { ...(pk && { pk }), ...(sk && { sk }) };
    return entity === null ? of : of.entity(entity, { key, ...(schema && { schema }) });
  });
const routers: fc.Arbitrary<Router> = fc
  .uniqueArray(fc.record({ id: names, model: models, order: fc.integer() }), {
    selector: ({ id }) => id,
    minLength: 1,
    maxLength: 8,
  })
  .map((routes) => sound(routes.map(({ id, model, order }) => route.on(model, { id, order }, noop))))
  .filter((router) => router !== undefined);

function sound(routes: readonly Route[]): Router | undefined {
  try {
    return createRouter({ routes });
  } catch {
    return undefined;
  }
}

describe('for any router', () => {
  it('is a document that the parser finds nothing wrong with', async () => {
    await fc.assert(
      fc.asyncProperty(routers, async (router) => {
        expect(await diagnosticsOf(asyncApi(router))).toEqual([]);
      }),
      { numRuns: 4 },
    );
  });

  it('gives each route an operation, whose references lead somewhere', () => {
    fc.assert(
      fc.property(routers, (router) => {
        const document = asyncApi(router);
        const titles = Object.values(document.operations).map(({ title }) => title);
        expect(titles.slice(0, -1)).toEqual(router.routes.map(({ id }) => id));
        for (const reference of referencesIn(document))
          expect(at(document, reference), reference).toBeDefined();
      }),
    );
  });

  it('shows records that fit their schemas and are matched by the routes of their messages', () => {
    fc.assert(
      fc.property(routers, (router) => {
        const document = asyncApi(router);
        const judge = schemaJudge(document);
        for (const { title, messages } of Object.values(document.operations).slice(0, -1)) {
          for (const { name, examples = [] } of messages.map((one) => messageAt(document, one.$ref))) {
            for (const { payload } of examples) {
              expect(judge(name, payload), name).toBeUndefined();
              const matched = router.match(payload as unknown as StreamRecord).map(({ route: { id } }) => id);
              expect(matched).toContain(title);
            }
          }
        }
      }),
      { numRuns: 30 },
    );
  });
});

function referencesIn(value: unknown): readonly string[] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([name, inside]) =>
    name === '$ref' && typeof inside === 'string' ? [inside] : referencesIn(inside),
  );
}

function at(document: AsyncApiDocument, reference: string): unknown {
  const steps = reference.split('/').slice(1);
  return steps.reduce<unknown>(
    (value, step) => (value as Record<string, unknown> | undefined)?.[step],
    document,
  );
}

function messageAt(document: AsyncApiDocument, reference: string) {
  const { $ref } = at(document, reference) as { readonly $ref: string };
  return at(document, $ref) as AsyncApiDocument['components']['messages'][string];
}
