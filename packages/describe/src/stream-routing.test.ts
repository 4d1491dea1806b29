import {
  createRouter,
  type Ledger,
  patternMatcher,
  type Route,
  type Router,
  type RouterOptions,
  route,
  table,
} from '@sluice/core';
import { App, Stack } from 'aws-cdk-lib';
import { Annotations, Match, Template } from 'aws-cdk-lib/assertions';
import { AttributeType, type ITable, StreamViewType, Table, TableV2 } from 'aws-cdk-lib/aws-dynamodb';
import { Key } from 'aws-cdk-lib/aws-kms';
import { Code, Function as Lambda, Runtime } from 'aws-cdk-lib/aws-lambda';
import { Bucket, type IBucket } from 'aws-cdk-lib/aws-s3';
import { Topic } from 'aws-cdk-lib/aws-sns';
import { Queue } from 'aws-cdk-lib/aws-sqs';
import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { cloudFormation, type Resource } from './cloudformation.js';
import { StreamRouting, type StreamRoutingProps } from './stream-routing.js';

const orders = table('orders', { keys: { partition: 'pk', sort: 'sk' }, ttl: 'expiresAt' });
const carts = table('carts', { keys: { partition: 'id' }, view: 'NEW_IMAGE' });
const Order = orders.entity('Order', { key: { pk: 'ORDER#:id' } });
const note = route.insert(Order, { id: 'note' }, () => undefined);
const sums = route.window(
  carts,
  { id: 'sums', state: z.object({ n: z.number().default(0) }) },
  { add: (state) => state, close: () => undefined },
);

/** Nothing is asked of it: what is made depends on its being there. */
const ledger: Ledger = {
  open: () => Promise.reject(new Error('not asked')),
  parking: () => Promise.reject(new Error('not asked')),
  once: () => (_call, next) => next(),
};

function aRouter(options: Partial<RouterOptions> = {}): Router {
  return createRouter({ name: 'shop', routes: note, ...options });
}

/** A stack with what a function may be given, and the resources that it has with a construct in it. */
function aStack() {
  const stack = new Stack(new App(), 'Shop');
  const text = (name: string) => ({ name, type: AttributeType.STRING });
  const things = {
    stack,
    handler: new Lambda(stack, 'Handler', {
      runtime: Runtime.NODEJS_24_X,
      handler: 'index.handler',
      code: Code.fromInline('exports.handler = () => {}'),
    }),
    bucket: new Bucket(stack, 'Failures'),
    // A class of CDK does not fit its own interface under exactOptionalPropertyTypes.
    orders: new TableV2(stack, 'OrdersTable', {
      partitionKey: text('pk'),
      sortKey: text('sk'),
      timeToLiveAttribute: 'expiresAt',
      dynamoStream: StreamViewType.NEW_AND_OLD_IMAGES,
    }) as ITable,
    carts: new Table(stack, 'CartsTable', {
      partitionKey: text('id'),
      stream: StreamViewType.NEW_IMAGE,
    }) as ITable,
    text,
  };
  const routing = (props: Omit<StreamRoutingProps, 'handler' | 'onFailure'> & Partial<StreamRoutingProps>) =>
    new StreamRouting(stack, 'Routing', {
      handler: things.handler,
      onFailure: things.bucket as IBucket,
      ...props,
    });
  return { ...things, routing };
}

/** What a stack has of a type, apart from what the tests' own things are. */
function resourcesOf(stack: Stack, type: string): Resource[] {
  const ofHere = Object.entries(Template.fromStack(stack).findResources(type));
  return ofHere
    .filter(([id]) => id.startsWith('Routing') || type === 'AWS::IAM::Policy')
    .map(([, found]) => found as Resource);
}

function problemsOf(make: () => unknown): unknown {
  try {
    make();
  } catch (error) {
    return (error as { problems?: unknown }).problems ?? error;
  }
  return [];
}

describe('the construct', () => {
  it.each<[string, Partial<StreamRoutingProps>, Partial<RouterOptions>]>([
    ['alone', {}, {}],
    ['with a ledger', { maximumRetryAttempts: -1 }, { ledger }],
    ['with windows', { tumblingWindowInSeconds: 60, parallelizationFactor: 3 }, { routes: [note, sums] }],
    [
      'with everything else',
      {
        batchSize: 7,
        maximumBatchingWindowInSeconds: 0,
        maximumRetryAttempts: 5,
        maximumRecordAgeInSeconds: 60,
        bisectBatchOnFunctionError: false,
        startingPosition: 'LATEST',
        parallelizationFactor: 2,
        onFailure: 'none',
      },
      {},
    ],
    ['without criteria', { filterCriteria: false }, {}],
  ])('%s makes what the fragment of CloudFormation has', (_, props, options) => {
    const { stack, routing, handler, bucket, ...tables } = aStack();
    const router = aRouter(options);
    const given = { orders: tables.orders, ...(router.tables.length > 1 && { carts: tables.carts }) };
    const { plan } = routing({ router, tables: given, ...props });
    const { Resources } = cloudFormation(plan, {
      functionName: stack.resolve(handler.functionName),
      role: stack.resolve(handler.role?.roleName),
      streams: Object.fromEntries(
        Object.entries(given).map(([name, one]) => [name, stack.resolve(one.tableStreamArn)]),
      ),
      destination: stack.resolve(bucket.bucketArn),
    });
    const ofFragment = (type: string) =>
      Object.values(Resources)
        .filter(({ Type }) => Type === type)
        .map(({ Properties }) => Properties);
    const ofStack = (type: string) => resourcesOf(stack, type).map(({ Properties }) => Properties);

    expect(plan.mappings).toHaveLength(router.tables.length);
    expect(ofStack('AWS::Lambda::EventSourceMapping')).toEqual(ofFragment('AWS::Lambda::EventSourceMapping'));
    expect(ofStack('AWS::DynamoDB::Table')).toEqual(ofFragment('AWS::DynamoDB::Table'));
    const statements = (policies: readonly Resource['Properties'][]) =>
      JSON.parse(
        JSON.stringify(policies.map(({ PolicyDocument, Roles }) => ({ PolicyDocument, Roles }))).replaceAll(
          /"Fn::GetAtt":\["RoutingLedger\w+"/g,
          '"Fn::GetAtt":["Ledger"',
        ),
      );
    expect(statements(ofStack('AWS::IAM::Policy'))).toEqual(
      scalars(statements(ofFragment('AWS::IAM::Policy'))),
    );
  });

  it('gives each mapping patterns that Lambda reads, and that let through what routes want', () => {
    const { routing, orders } = aStack();
    const { plan } = routing({ router: aRouter(), tables: { orders } });
    const patterns = plan.mappings.flatMap(({ settings }) => settings.FilterCriteria?.Filters ?? []);
    const Keys = { pk: { S: 'ORDER#1' }, sk: { S: 'now' } };

    expect(
      patterns.map(({ Pattern }) => patternMatcher(Pattern)({ dynamodb: { Keys, NewImage: Keys } })),
    ).toEqual(patterns.map(() => true));
    expect(patterns).not.toHaveLength(0);
  });

  it('makes mappings when the function may read their streams, and not before', () => {
    const { stack, routing, orders } = aStack();
    routing({ router: aRouter(), tables: { orders } });

    expect(resourcesOf(stack, 'AWS::Lambda::EventSourceMapping')).toMatchObject([
      { DependsOn: expect.arrayContaining([expect.stringMatching(/^HandlerServiceRoleDefaultPolicy/)]) },
    ]);
  });

  it('keeps the table of a ledger when it leaves the stack, and takes one that is given', () => {
    const own = aStack();
    const made = own.routing({ router: aRouter({ ledger }), tables: { orders: own.orders } });
    expect(made.ledgerTable.node.path).toBe('Shop/Routing/Ledger');
    expect(resourcesOf(own.stack, 'AWS::DynamoDB::Table')).toMatchObject([{ DeletionPolicy: 'Retain' }]);

    const given = aStack();
    const ledgerTable = new TableV2(given.stack, 'Kept', {
      partitionKey: given.text('pk'),
      sortKey: given.text('sk'),
      timeToLiveAttribute: 'expiresAt',
    }) as ITable;
    const taking = given.routing({
      router: aRouter({ ledger }),
      tables: { orders: given.orders },
      ledgerTable,
    });
    expect(taking.ledgerTable).toBe(ledgerTable);
    expect(resourcesOf(given.stack, 'AWS::DynamoDB::Table')).toEqual([]);
    expect(permissionsOf(given.stack)).toContainEqual(
      expect.objectContaining({ Resource: { 'Fn::GetAtt': [expect.stringMatching(/^Kept/), 'Arn'] } }),
    );
  });

  it('has no table of a ledger for a router without one', () => {
    const { routing, orders } = aStack();
    expect(() => routing({ router: aRouter(), tables: { orders } }).ledgerTable).toThrow(
      'The router of Shop/Routing has no ledger, and so no table for one.',
    );
  });

  it.each([
    ['a queue', (stack: Stack) => new Queue(stack, 'Q'), 'sqs:SendMessage'],
    ['a topic', (stack: Stack) => new Topic(stack, 'T'), 'sns:Publish'],
  ])('lets the function send to %s and nothing more', (_, make, action) => {
    const { stack, routing, orders } = aStack();
    const onFailure = make(stack) as StreamRoutingProps['onFailure'];
    const arn = stack.resolve((onFailure as Queue).queueArn ?? (onFailure as Topic).topicArn);
    routing({ router: aRouter(), tables: { orders }, onFailure });

    expect(permissionsOf(stack).slice(1)).toEqual([{ Effect: 'Allow', Action: action, Resource: arn }]);
    expect(resourcesOf(stack, 'AWS::Lambda::EventSourceMapping')).toMatchObject([
      { Properties: { DestinationConfig: { OnFailure: { Destination: arn } } } },
    ]);
  });

  it('lets the function use the keys that things are encrypted with', () => {
    const { stack, routing, text, handler } = aStack();
    const encryptionKey = new Key(stack, 'Key');
    const encrypted = new Table(stack, 'Encrypted', {
      partitionKey: text('id'),
      stream: StreamViewType.NEW_IMAGE,
      encryptionKey,
    }) as ITable;
    const bucket = new Bucket(stack, 'EncryptedFailures', { encryptionKey }) as IBucket;
    routing({
      router: aRouter({ routes: route.insert(carts, { id: 'note' }, () => undefined) }),
      tables: { carts: encrypted },
      onFailure: bucket,
      handler,
    });
    const onKeys = permissionsOf(stack).filter(({ Action }) => JSON.stringify(Action).includes('kms:'));

    expect(onKeys.map(({ Action }) => Action)).toEqual([
      ['kms:Decrypt', 'kms:DescribeKey'],
      ['kms:Decrypt', 'kms:GenerateDataKey'],
    ]);
  });

  it('leaves a function that is elsewhere to its own role, and CDK says what that needs', () => {
    const { stack, routing, orders } = aStack();
    const handler = Lambda.fromFunctionName(stack, 'Elsewhere', 'elsewhere');
    routing({ router: aRouter(), tables: { orders }, handler });

    const warnings = Annotations.fromStack(stack).findWarning('*', Match.anyValue());
    expect(JSON.stringify(warnings)).toContain('dynamodb:GetShardIterator');
  });
});

describe('several tables', () => {
  const shops = table('shop-*', { keys: { partition: 'id' }, view: 'NEW_IMAGE' });
  const europe = table('shop-eu', { keys: { partition: 'id' }, view: 'NEW_IMAGE' });
  const ofShops = route.insert(shops, { id: 'of all' }, () => undefined);
  const ofEurope = route.insert(europe, { id: 'of Europe' }, () => undefined);

  it('of one pattern have a mapping each', () => {
    const { stack, routing, text } = aStack();
    const made = ['Eu', 'Us'].map(
      (id) => new Table(stack, id, { partitionKey: text('id'), stream: StreamViewType.NEW_IMAGE }) as ITable,
    );
    routing({ router: aRouter({ routes: ofShops }), tables: { 'shop-*': made } });

    const arns = resourcesOf(stack, 'AWS::Lambda::EventSourceMapping').map(
      (one) => one.Properties['EventSourceArn'],
    );
    expect(arns).toEqual(made.map(({ tableStreamArn }) => stack.resolve(tableStreamArn)));
  });

  it('that are one table have one mapping, for the routes of both', () => {
    const { stack, routing, carts } = aStack();
    const router = aRouter({ routes: [ofShops, ofEurope] });
    routing({ router, tables: { 'shop-*': carts, 'shop-eu': carts } });

    expect(resourcesOf(stack, 'AWS::Lambda::EventSourceMapping')).toHaveLength(1);
  });

  it('that are imported twice have one mapping, whose id does not go by the order of routes', () => {
    const tableArn = 'arn:aws:dynamodb:eu-west-1:123456789012:table/shop-eu';
    const tableStreamArn = `${tableArn}/stream/2026-01-01T00:00:00.000`;
    const all = table('*', { keys: { partition: 'id' }, view: 'NEW_IMAGE' });
    const ofAll = route.insert(all, { id: 'of everything' }, () => undefined);
    const idsWith = (...routes: Route[]) => {
      const { stack, routing } = aStack();
      const [one, other] = ['One', 'Other'].map((id) =>
        Table.fromTableAttributes(stack, id, { tableArn, tableStreamArn }),
      );
      if (!one || !other) throw new Error('no tables');
      routing({ router: aRouter({ routes }), tables: { 'shop-*': one, '*': other } });
      return Object.keys(Template.fromStack(stack).findResources('AWS::Lambda::EventSourceMapping'));
    };

    expect(idsWith(ofShops, ofAll)).toHaveLength(1);
    expect(idsWith(ofShops, ofAll)).toEqual(idsWith(ofAll, ofShops));
  });

  it('that are one table, but two for the router, are refused: the criteria of one would lose records of the other', () => {
    const { routing, carts } = aStack();
    const other = table('other', { keys: { partition: 'id' }, view: 'NEW_IMAGE' });
    const router = aRouter({ routes: [ofEurope, route.insert(other, { id: 'of others' }, () => undefined)] });

    expect(problemsOf(() => routing({ router, tables: { 'shop-eu': carts, other: carts } }))).toEqual([
      'table Shop/CartsTable is given for "shop-eu" and "other", which the router takes for different tables; ' +
        'describe it once, or give these names one value in createRouter({ tables })',
    ]);
  });

  it('for what is one table for the router are refused', () => {
    const { routing, carts, orders: another } = aStack();
    const router = aRouter({ routes: ofEurope });
    const message = ['tables has several tables for "shop-eu", which is one; give that alone'];

    expect(problemsOf(() => routing({ router, tables: { 'shop-eu': [carts, another] } }))).toEqual(message);
  });
});

describe('all problems are told at once', () => {
  it('of tables, of the ledger and of numbers', () => {
    const { stack, routing, text } = aStack();
    const wrong = new TableV2(stack, 'Wrong', {
      partitionKey: text('id'),
      timeToLiveAttribute: 'ttl',
      dynamoStream: StreamViewType.KEYS_ONLY,
    }) as ITable;
    const router = aRouter({ routes: [note, route.insert(carts, { id: 'cart' }, () => undefined)] });
    const tables = { orders: wrong, customers: wrong };

    expect(problemsOf(() => routing({ router, tables, batchSize: 0, ledgerTable: wrong }))).toEqual([
      'batchSize is 0; give a whole number from 1 to 10000',
      'tables names "customers", but no route is of such a table; the routes name orders, carts',
      'table Shop/Wrong, given for "orders", has the keys id, not pk and sk; make the table and the code say the same',
      'table Shop/Wrong, given for "orders", expires items by ttl, not expiresAt; make the table and the code say the same',
      'table Shop/Wrong, given for "orders", has the view KEYS_ONLY, not NEW_AND_OLD_IMAGES; make the table and the code say the same',
      'tables has no "carts", which routes are of; give its table',
      'there is a ledgerTable, but the router has no ledger; leave it out, or give createRouter one',
    ]);
  });

  it('of a table without a stream, and of one for the ledger that is none', () => {
    const { stack, routing, text } = aStack();
    const bare = new Table(stack, 'Bare', { partitionKey: text('pk'), sortKey: text('sk') }) as ITable;

    expect(
      problemsOf(() => routing({ router: aRouter({ ledger }), tables: { orders: bare }, ledgerTable: bare })),
    ).toEqual([
      'table Shop/Bare, given for "orders", has no stream; give it one with the view NEW_AND_OLD_IMAGES',
      'ledgerTable Shop/Bare expires items by nothing, not expiresAt; make the table and the code say the same',
    ]);
  });

  it('of a destination that Lambda does not send to', () => {
    const { stack, routing, orders } = aStack();
    const problemOf = (onFailure: unknown) =>
      problemsOf(() =>
        routing({
          router: aRouter(),
          tables: { orders },
          batchSize: 0,
          onFailure: onFailure as StreamRoutingProps['onFailure'],
        }),
      );

    expect(problemOf(new Queue(stack, 'Q', { fifo: true }))).toEqual([
      'batchSize is 0; give a whole number from 1 to 10000',
      'onFailure Shop/Q is FIFO, where Lambda sends nothing; give a standard queue or topic, or a bucket',
    ]);
  });

  it('of a table that is imported without its stream', () => {
    const { stack, routing } = aStack();
    const imported = Table.fromTableName(stack, 'Elsewhere', 'orders');

    expect(problemsOf(() => routing({ router: aRouter(), tables: { orders: imported } }))).toEqual([
      'table Shop/Elsewhere, given for "orders", has no stream; import it with its tableStreamArn',
    ]);
  });

  it('and nothing of a table of which CDK knows no more than its stream', () => {
    const { stack, routing } = aStack();
    const arn = 'arn:aws:dynamodb:eu-west-1:123456789012:table/orders';
    const tableStreamArn = `${arn}/stream/2026-01-01T00:00:00.000`;
    const imported = TableV2.fromTableAttributes(stack, 'Elsewhere', { tableArn: arn, tableStreamArn });

    expect(problemsOf(() => routing({ router: aRouter(), tables: { orders: imported } }))).toEqual([]);
    expect(resourcesOf(stack, 'AWS::Lambda::EventSourceMapping')).toMatchObject([
      { Properties: { EventSourceArn: tableStreamArn } },
    ]);
  });
});

interface Statement {
  readonly Action: string | readonly string[];
  readonly Resource: unknown;
}

function permissionsOf(stack: Stack): readonly Statement[] {
  return resourcesOf(stack, 'AWS::IAM::Policy').flatMap(
    ({ Properties }) => (Properties['PolicyDocument'] as { Statement: Statement[] }).Statement,
  );
}

/** A list of one action as CDK writes it. */
function scalars(policies: readonly { PolicyDocument: { Statement: Statement[] } }[]) {
  return policies.map((policy) => ({
    ...policy,
    PolicyDocument: {
      ...policy.PolicyDocument,
      Statement: policy.PolicyDocument.Statement.map((statement) => ({
        ...statement,
        Action: statement.Action.length === 1 ? statement.Action[0] : statement.Action,
      })),
    },
  }));
}
