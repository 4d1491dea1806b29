import { createRouter, type Ledger, type RouterOptions, route, table } from '@sluice/core';
import { describe, expect, it } from 'vitest';
import { cloudFormation, samEvents } from './cloudformation.js';
import { infrastructure, type MappingOptions } from './infrastructure.js';

const orders = table('orders', { keys: { partition: 'pk' } });
const carts = table('carts', { keys: { partition: 'pk' } });
const ofOrders = route.insert(orders, { id: 'orders' }, () => undefined);
const ofCarts = route.insert(carts, { id: 'carts' }, () => undefined);

/** Nothing is asked of it: what is planned depends on its being there. */
const ledger: Ledger = {
  open: () => Promise.reject(new Error('not asked')),
  parking: () => Promise.reject(new Error('not asked')),
  once: () => (_call, next) => next(),
};

function plan(options: Partial<RouterOptions> = {}, mapping: MappingOptions = {}) {
  const router = createRouter({ name: 'shop', routes: ofOrders, ...options });
  return infrastructure(router, { filterCriteria: false, ...mapping });
}

const settings = {
  StartingPosition: 'TRIM_HORIZON',
  FunctionResponseTypes: ['ReportBatchItemFailures'],
  BatchSize: 100,
  MaximumBatchingWindowInSeconds: 1,
  ParallelizationFactor: 1,
  BisectBatchOnFunctionError: true,
  MaximumRetryAttempts: 100,
};

describe('the fragment', () => {
  it('stands alone, with a parameter for everything that it refers to', () => {
    expect(cloudFormation(plan({ ledger }))).toEqual({
      Parameters: {
        OrdersStreamArn: { Type: 'String', Description: 'The ARN of the stream of table orders' },
        FunctionName: { Type: 'String', Description: "The function's name or ARN" },
        FunctionRole: { Type: 'String', Description: "The name of the function's role" },
        OnFailureArn: { Type: 'String', Description: 'The ARN of the place for what Lambda discards' },
      },
      Resources: {
        Ledger: {
          Type: 'AWS::DynamoDB::Table',
          DeletionPolicy: 'Retain',
          UpdateReplacePolicy: 'Retain',
          Properties: {
            BillingMode: 'PAY_PER_REQUEST',
            AttributeDefinitions: [
              { AttributeName: 'pk', AttributeType: 'S' },
              { AttributeName: 'sk', AttributeType: 'S' },
            ],
            KeySchema: [
              { AttributeName: 'pk', KeyType: 'HASH' },
              { AttributeName: 'sk', KeyType: 'RANGE' },
            ],
            TimeToLiveSpecification: { AttributeName: 'expiresAt', Enabled: true },
          },
        },
        Permissions: {
          Type: 'AWS::IAM::Policy',
          Properties: {
            PolicyName: 'DynamoDBStreams',
            Roles: [{ Ref: 'FunctionRole' }],
            PolicyDocument: {
              Version: '2012-10-17',
              Statement: [
                {
                  Effect: 'Allow',
                  Action: [
                    'dynamodb:DescribeStream',
                    'dynamodb:GetRecords',
                    'dynamodb:GetShardIterator',
                    'dynamodb:ListStreams',
                  ],
                  Resource: { Ref: 'OrdersStreamArn' },
                },
                {
                  Effect: 'Allow',
                  Action: ['dynamodb:GetItem', 'dynamodb:Query', 'dynamodb:PutItem', 'dynamodb:DeleteItem'],
                  Resource: { 'Fn::GetAtt': ['Ledger', 'Arn'] },
                },
                { Effect: 'Allow', Action: ['s3:ListBucket'], Resource: { Ref: 'OnFailureArn' } },
                {
                  Effect: 'Allow',
                  Action: ['s3:PutObject'],
                  Resource: { 'Fn::Join': ['', [{ Ref: 'OnFailureArn' }, '/*']] },
                },
              ],
            },
          },
        },
        OrdersMapping: {
          Type: 'AWS::Lambda::EventSourceMapping',
          DependsOn: ['Permissions'],
          Properties: {
            EventSourceArn: { Ref: 'OrdersStreamArn' },
            FunctionName: { Ref: 'FunctionName' },
            ...settings,
            DestinationConfig: { OnFailure: { Destination: { Ref: 'OnFailureArn' } } },
          },
        },
      },
      Outputs: {
        LedgerTableName: {
          Description: "The name of the ledger's table, for the function's environment",
          Value: { Ref: 'Ledger' },
        },
      },
    });
  });

  it('tells the name of a ledger that it makes, and of none else', () => {
    expect(cloudFormation(plan())).not.toHaveProperty('Outputs');
    expect(cloudFormation(plan({ ledger }), { mappings: false, prefix: 'Mail' }).Outputs).toMatchObject({
      MailLedgerTableName: { Value: { Ref: 'MailLedger' } },
    });
  });

  it('refers to what it is told, and has no parameter for that', () => {
    const streams = { orders: { 'Fn::GetAtt': ['Orders', 'StreamArn'] } };
    const references = {
      functionName: { Ref: 'Mail' },
      role: 'mail-role',
      streams,
      destination: 'arn:aws:s3:::lost',
    };
    const { Parameters, Resources } = cloudFormation(plan(), references);

    expect(Parameters).toEqual({});
    expect(Resources['OrdersMapping']?.Properties).toEqual({
      EventSourceArn: streams.orders,
      FunctionName: { Ref: 'Mail' },
      ...settings,
      DestinationConfig: { OnFailure: { Destination: 'arn:aws:s3:::lost' } },
    });
  });

  it('has a mapping for each stream, and one permission for all of them', () => {
    const { Resources } = cloudFormation(plan({ routes: [ofOrders, ofCarts] }));

    expect(Object.keys(Resources)).toEqual(['Permissions', 'OrdersMapping', 'CartsMapping']);
    expect(JSON.stringify(Resources['Permissions'])).toContain(
      '"Resource":[{"Ref":"OrdersStreamArn"},{"Ref":"CartsStreamArn"}]',
    );
  });

  it('stands beside that of another router by a prefix', () => {
    const { Parameters, Resources } = cloudFormation(plan({ ledger }), { prefix: 'Mail' });

    expect(Object.keys(Parameters).every((name) => name.startsWith('Mail'))).toBe(true);
    expect(Object.keys(Resources)).toEqual(['MailLedger', 'MailPermissions', 'MailOrdersMapping']);
    expect(Resources['MailOrdersMapping']?.DependsOn).toEqual(['MailPermissions']);
    // A role has one policy of a name: a second one takes the place of the first.
    expect(Resources['MailPermissions']?.Properties).toMatchObject({ PolicyName: 'MailDynamoDBStreams' });
    expect(JSON.stringify(Resources)).not.toMatch(/"(Ref|Fn::GetAtt)":\[?"(?!Mail)/);
  });

  it('has no destination where nothing is kept', () => {
    const { Parameters, Resources } = cloudFormation(plan({}, { destination: 'none' }));

    expect(JSON.stringify({ Parameters, Resources })).not.toContain('OnFailure');
  });
});

describe('the events of SAM', () => {
  it('refer to what the template has', () => {
    const router = createRouter({ routes: ofOrders });
    // #region functions
    const plan = infrastructure(router, { maximumRetryAttempts: 50, filterCriteria: false });
    const references = {
      streams: { orders: { 'Fn::GetAtt': ['Orders', 'StreamArn'] } }, // by the name given to table()
      destination: { 'Fn::GetAtt': ['Failures', 'Arn'] },
    };
    const events = samEvents(plan, references); // of an AWS::Serverless::Function
    const { Resources } = cloudFormation(plan, { ...references, functionName: { Ref: 'Mail' } });
    // #endregion
    expect(events['Orders']?.Properties).toMatchObject({
      Stream: references.streams.orders,
      MaximumRetryAttempts: 50,
      DestinationConfig: { OnFailure: { Type: 'S3', Destination: references.destination } },
    });
    expect(Resources['OrdersMapping']?.Properties).toMatchObject({ FunctionName: { Ref: 'Mail' } });
  });

  it('are the mappings, with the kind of their destination', () => {
    expect(samEvents(plan())).toEqual({
      Orders: {
        Type: 'DynamoDB',
        Properties: {
          Stream: { Ref: 'OrdersStreamArn' },
          ...settings,
          DestinationConfig: { OnFailure: { Type: 'S3', Destination: { Ref: 'OnFailureArn' } } },
        },
      },
    });
  });

  it('leave the ledger to a fragment without mappings, which has the parameters of both', () => {
    const { Parameters, Resources } = cloudFormation(plan({ ledger }), { mappings: false });

    expect(Object.keys(Resources)).toEqual(['Ledger', 'Permissions']);
    expect(JSON.stringify(Resources['Permissions'])).not.toContain('GetRecords');
    expect(Object.keys(Parameters)).toEqual(['OrdersStreamArn', 'OnFailureArn', 'FunctionRole']);
    expect(cloudFormation(plan(), { mappings: false }).Resources).toEqual({});
  });
});
