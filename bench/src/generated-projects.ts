/** Texts of source files, by path. */
export type SourceFiles = Readonly<Record<string, string>>;

const entities = Array.from({ length: 100 }, (_, number) => number);

/** What is compiled side by side. In both large projects the same attributes are read as often. */
export const projects: Readonly<Record<string, SourceFiles>> = {
  'an empty project': { 'main.ts': 'export {};\n' },
  '100 zod schemas, read by 500 functions': Object.fromEntries(
    entities.map((number) => [`entity-${number}.ts`, schemaFile(number)]),
  ),
  '100 entities with these schemas, 500 routes': {
    'table.ts': `
      import { table } from '@sluice/core';
      export const shop = table('shop', { keys: { partition: 'pk', sort: 'sk' }, ttl: 'expiresAt' });
    `,
    ...Object.fromEntries(entities.map((number) => [`entity-${number}.ts`, entityFile(number)])),
    'main.ts': `
      import { createRouter } from '@sluice/core';
      import { fromClasses } from '@sluice/decorators';
      ${entities.map((number) => `import { Handlers${number}, routes${number} } from './entity-${number}.js';`).join('\n')}
      const classes = [${entities.map((number) => `Handlers${number}`).join(', ')}];
      const container = { get: (handlers: new () => object) => new handlers() };
      export const router = createRouter({
        routes: [${entities.map((number) => `...routes${number}`).join(', ')}, fromClasses(classes, container as never)],
      });
    `,
  },
};

function schemaFile(number: number): string {
  const item = `Item${number}`;
  return `
    ${schema(number)}
    export type ${item} = z.infer<typeof schema${number}>;
    export const inserted = (item: ${item}) => [item.status, item.total, item.address.city];
    export const paid = (item: ${item}, old: Partial<${item}>) => [item.field${number}, old.total];
    export const removed = (old: ${item}) => old.lines.map((line) => line.sku);
    export class Handlers${number} {
      async receipt(item: ${item}): Promise<void> { void [item.status, item.note]; }
      async welcome(item: ${item}): Promise<void> { void item.meta.labels; }
    }
  `;
}

function entityFile(number: number): string {
  const entity = `Entity${number}`;
  return `
    import { absent, all, type Inserted, type Modified, route } from '@sluice/core';
    import { Handlers, OnInsert, OnModify } from '@sluice/decorators';
    import { shop } from './table.js';
    ${schema(number)}
    export const ${entity} = shop.entity('${entity}', {
      key: { pk: 'OWNER${number}#:ownerId', sk: 'ENTITY${number}#:entityId' },
      schema: schema${number},
    });
    export const routes${number} = [
      route.insert(${entity}, { id: 'inserted-${number}', when: ${entity}.attr('status').is('NEW', 'KIND_${number}') },
        ({ new: item, params }) => { void [item.status, item.total, item.address.city, params.ownerId]; }),
      route.modify(${entity}, {
        id: 'paid-${number}',
        when: all(${entity}.attr('status').from('NEW').to('PAID'), ${entity}.attr('address.city').changed()),
      }, (change) => { void [change.new.field${number}, change.old.total, change.params.entityId]; }),
      route.remove(${entity}, { id: 'removed-${number}', by: 'user', when: ${entity}.attr('note').is(absent) },
        (change) => { void change.old.lines.map((line) => line.sku); }),
    ];
    @Handlers('handlers-${number}', ${entity})
    export class Handlers${number} {
      @OnModify({ when: ${entity}.attr('lines[0].sku').changed() })
      async receipt(change: Modified<typeof ${entity}>): Promise<void> { void [change.new.status, change.new.note]; }
      @OnInsert({ when: ${entity}.attr('meta.source').is('web') })
      async welcome(change: Inserted<typeof ${entity}>): Promise<void> { void change.new.meta.labels; }
    }
  `;
}

/** Each has a name and a value of its own, so that no two are one type. */
function schema(number: number): string {
  return `
    import { z } from 'zod';
    export const schema${number} = z.object({
      pk: z.string(),
      sk: z.string(),
      status: z.enum(['NEW', 'PAID', 'SENT', 'KIND_${number}']),
      total: z.number(),
      note: z.string().nullable().optional(),
      createdAt: z.string(),
      isGift: z.boolean(),
      tags: z.set(z.string()),
      address: z.object({ street: z.string(), city: z.string(), zip: z.string(), country: z.string() }),
      lines: z.array(z.object({ sku: z.string(), count: z.number(), price: z.number() })),
      meta: z.object({ source: z.string(), retries: z.number(), labels: z.array(z.string()) }),
      field${number}: z.string(),
    });
  `;
}
