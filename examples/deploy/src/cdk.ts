import { fileURLToPath } from 'node:url';
import { StreamRouting } from '@sluice/describe/cdk';
import { router } from '@sluice/example-orders';
import { Duration, Stack } from 'aws-cdk-lib';
import { AttributeType, StreamViewType, TableV2 } from 'aws-cdk-lib/aws-dynamodb';
import { LoggingFormat, Runtime, Tracing } from 'aws-cdk-lib/aws-lambda';
import { NodejsFunction, OutputFormat } from 'aws-cdk-lib/aws-lambda-nodejs';
import { Bucket } from 'aws-cdk-lib/aws-s3';
import type { Construct } from 'constructs';
import { router as invoicesRouter } from './invoices.js';

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

/** examples/orders as the function of `lambda.ts`, without a ledger, and `invoices.ts`, which has one, behind the stream of one table. */
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

    // #region routing
    const mail = new NodejsFunction(this, 'Mail', { ...settings, entry: fileOf('../src/lambda.ts') });
    mail.addEnvironment('ORDERS_TABLE', orders.tableName); // the name that the code's table() has
    new StreamRouting(this, 'MailRouting', {
      router,
      handler: mail,
      tables: { orders }, // by the names that table() is given here, where ORDERS_TABLE is not set
      onFailure: failures,
    });
    // #endregion

    // #region ledger
    const invoices = new NodejsFunction(this, 'Invoices', {
      ...settings,
      entry: fileOf('../src/invoices.ts'),
    });
    const { ledgerTable } = new StreamRouting(this, 'InvoicesRouting', {
      router: invoicesRouter,
      handler: invoices,
      tables: { orders },
      onFailure: failures,
    });
    invoices.addEnvironment('ORDERS_TABLE', orders.tableName);
    invoices.addEnvironment('LEDGER_TABLE', ledgerTable.tableName);
    // #endregion
  }
}
