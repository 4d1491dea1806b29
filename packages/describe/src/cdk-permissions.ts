import type { ITable } from 'aws-cdk-lib/aws-dynamodb';
import { Grant } from 'aws-cdk-lib/aws-iam';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import type { IBucket } from 'aws-cdk-lib/aws-s3';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import type { DestinationType, Permission } from './infrastructure.js';

export type DestinationResource = IBucket | IQueue | ITopic;

interface Destination {
  readonly type: DestinationType;
  readonly arn: string;
  /** Of a bucket; `undefined` where there are none. */
  readonly objects?: string;
  readonly key: IKey | undefined;
}

export function destinationOf(resource: DestinationResource | 'none'): Destination | undefined {
  if (resource === 'none') return undefined;
  if ('bucketArn' in resource) {
    const objects = resource.arnForObjects('*');
    return { type: 'S3', arn: resource.bucketArn, objects, key: resource.encryptionKey };
  }
  return 'queueArn' in resource
    ? { type: 'SQS', arn: resource.queueArn, key: resource.encryptionMasterKey }
    : { type: 'SNS', arn: resource.topicArn, key: resource.masterKey };
}

/** Source: https://docs.aws.amazon.com/lambda/latest/dg/services-ddb-params.html */
export function problemsOfDestination(resource: DestinationResource | 'none'): readonly string[] {
  if (resource === 'none' || !('fifo' in resource) || !resource.fifo) return [];
  return [
    `onFailure ${resource.node.path} is FIFO, where Lambda sends nothing; give a standard queue or topic, or a bucket`,
  ];
}

interface Resources {
  readonly streams: readonly ITable[];
  readonly ledger: ITable | undefined;
  readonly destination: Destination | undefined;
}

/** Allows what is needed and no more: CDK's own grants on buckets let a function read and delete what was discarded. */
export function grantsOf(
  permissions: readonly Permission[],
  grantee: IFunction,
  { streams, ledger, destination }: Resources,
): readonly Grant[] {
  const arnsOf: Readonly<Record<Permission['on'], readonly (string | undefined)[]>> = {
    stream: streams.map(({ tableStreamArn }) => tableStreamArn),
    ledger: [ledger?.tableArn],
    bucket: [destination?.arn],
    objects: [destination?.objects],
    queue: [destination?.arn],
    topic: [destination?.arn],
  };
  const grants = permissions.map(({ on, actions }) => {
    const resourceArns = arnsOf[on].filter((arn) => arn !== undefined);
    return Grant.addToPrincipal({ grantee, actions: [...actions], resourceArns });
  });
  return [...grants, ...grantsOfKeys(grantee, { streams, ledger, destination })];
}

/** What is encrypted with a key of the account's own needs that key as well. */
function grantsOfKeys(grantee: IFunction, { streams, ledger, destination }: Resources): readonly Grant[] {
  const grants = [
    ...streams.map(({ encryptionKey }) => encryptionKey?.grant(grantee, 'kms:Decrypt', 'kms:DescribeKey')),
    ledger?.encryptionKey?.grantEncryptDecrypt(grantee),
    destination?.key?.grant(grantee, 'kms:Decrypt', 'kms:GenerateDataKey'),
  ];
  return grants.filter((grant) => grant !== undefined);
}
