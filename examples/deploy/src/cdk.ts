import { fileURLToPath } from 'node:url';
import { Duration, Stack } from 'aws-cdk-lib';
import { AttributeType, StreamViewType, TableV2 } from 'aws-cdk-lib/aws-dynamodb';
import { LoggingFormat, Runtime, StartingPosition, Tracing } from 'aws-cdk-lib/aws-lambda';
import { DynamoEventSource, S3OnFailureDestination } from 'aws-cdk-lib/aws-lambda-event-sources';
import { NodejsFunction, OutputFormat } from 'aws-cdk-lib/aws-lambda-nodejs';
import { Bucket } from 'aws-cdk-lib/aws-s3';
import type { Construct } from 'constructs';

const fileOf = (path: string) => fileURLToPath(new URL(path, import.meta.url));

// #region function
const settings = {
  runtime: Runtime.NODEJS_24_X,
  timeout: Duration.seconds(60), // all of a batch, and the second that is kept for the answer
  memorySize: 512,
  loggingFormat: LoggingFormat.JSON,
  tracing: Tracing.ACTIVE,
  environment: { NODE_OPTIONS: '--enable-source-maps' },
  bundling: {
    format: OutputFormat.ESM,
    mainFields: ['module', 'main'], // the AWS SDK as ES modules: its CommonJS form does not run in an ESM bundle
    externalModules: [], // nothing: also the AWS SDK is the one that was tested
    minify: true,
    sourceMap: true,
    tsconfig: fileOf('../tsconfig.json'), // has "experimentalDecorators": true
  },
};
// #endregion

/** The functions of `lambda.ts`, which has no ledger, and of `invoices.ts`, which has one, behind the stream of one table. */
export class OrdersStack extends Stack {
  constructor(scope: Construct, id: string) {
    super(scope, id);
    const orders = new TableV2(this, 'Orders', {
      partitionKey: { name: 'pk', type: AttributeType.STRING },
      sortKey: { name: 'sk', type: AttributeType.STRING },
      timeToLiveAttribute: 'expiresAt',
      dynamoStream: StreamViewType.NEW_AND_OLD_IMAGES,
    });
    const failures = new Bucket(this, 'Failures');

    // #region mapping
    const mapping = {
      startingPosition: StartingPosition.TRIM_HORIZON,
      reportBatchItemFailures: true,
      batchSize: 100,
      maxBatchingWindow: Duration.seconds(1),
      parallelizationFactor: 1,
      bisectBatchOnError: true,
      retryAttempts: 100,
      onFailure: new S3OnFailureDestination(failures),
    };
    const mail = new NodejsFunction(this, 'Mail', { ...settings, entry: fileOf('../src/lambda.ts') });
    mail.addEnvironment('ORDERS_TABLE', orders.tableName); // the name that the code's table() has
    mail.addEventSource(new DynamoEventSource(orders, mapping));
    // #endregion

    // #region ledger
    const ledger = new TableV2(this, 'Ledger', {
      partitionKey: { name: 'pk', type: AttributeType.STRING },
      sortKey: { name: 'sk', type: AttributeType.STRING },
      timeToLiveAttribute: 'expiresAt',
    });
    const invoices = new NodejsFunction(this, 'Invoices', {
      ...settings,
      entry: fileOf('../src/invoices.ts'),
    });
    invoices.addEnvironment('ORDERS_TABLE', orders.tableName);
    invoices.addEnvironment('LEDGER_TABLE', ledger.tableName);
    const needed = ['GetItem', 'Query', 'PutItem', 'DeleteItem'];
    ledger.grant(invoices, ...needed.map((action) => `dynamodb:${action}`));
    // What never succeeds is parked, and so never in the way of the rest.
    invoices.addEventSource(new DynamoEventSource(orders, { ...mapping, retryAttempts: -1 }));
    // #endregion
  }
}
