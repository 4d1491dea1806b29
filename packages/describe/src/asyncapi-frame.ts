import type { Channel, Info, Message, Operation, Server } from './asyncapi-document.js';
import { channelRef, messageRef } from './asyncapi-operations.js';
import { schemaRef } from './json-schema.js';

/** What is the same for every application: the servers, how requests are signed, and Lambda's trigger. */

const regions = [
  ...['us-east-1', 'us-east-2', 'us-west-1', 'us-west-2'],
  ...[
    'eu-west-1',
    'eu-west-2',
    'eu-west-3',
    'eu-central-1',
    'eu-central-2',
    'eu-north-1',
    'eu-south-1',
    'eu-south-2',
  ],
  ...[
    'ap-southeast-1',
    'ap-southeast-2',
    'ap-southeast-3',
    'ap-southeast-4',
    'ap-southeast-5',
    'ap-southeast-6',
    'ap-southeast-7',
  ],
  ...[
    'ap-northeast-1',
    'ap-northeast-2',
    'ap-northeast-3',
    'ap-south-1',
    'ap-south-2',
    'ap-east-1',
    'ap-east-2',
  ],
  ...[
    'sa-east-1',
    'ca-central-1',
    'ca-west-1',
    'mx-central-1',
    'af-south-1',
    'il-central-1',
    'me-central-1',
    'me-south-1',
  ],
];

/** Source: https://docs.aws.amazon.com/general/latest/gr/ddb.html */
export const servers = {
  production: {
    host: 'streams.dynamodb.{region}.amazonaws.com',
    protocol: 'https',
    title: 'DynamoDB Streams',
    description:
      'The Streams API, version 2012-08-10: what a poller asks for records, by signed JSON requests.',
    variables: { region: { default: 'us-east-1', description: 'The Region of the table.', enum: regions } },
    security: [{ $ref: '#/components/securitySchemes/aws_sigv4' }],
  },
  'lambda-trigger': {
    host: 'lambda.{region}.amazonaws.com',
    protocol: 'https',
    title: 'AWS Lambda',
    description:
      'An event source mapping of Lambda reads the stream, and invokes the function with what it has read.',
    variables: { region: { default: 'us-east-1', description: 'The Region of the function.' } },
  },
} as const satisfies Record<string, Server>;

export const securitySchemes = {
  aws_sigv4: {
    type: 'httpApiKey',
    name: 'Authorization',
    in: 'header',
    description:
      'Signature version 4 of AWS, for the service `dynamodb`. Lambda signs by itself, with the role of its function.',
  },
} as const;

export const about: Pick<Info, 'externalDocs' | 'tags'> = {
  externalDocs: {
    description: 'What DynamoDB Streams are and promise.',
    url: 'https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Streams.html',
  },
  tags: [
    { name: 'dynamodb', description: 'The tables are those of Amazon DynamoDB.' },
    { name: 'streams', description: 'Changes are read from streams of tables.' },
    { name: 'event-driven', description: 'It runs when something has changed.' },
    { name: 'cdc', description: 'It captures changes of data.' },
    { name: 'aws', description: 'It runs on AWS, or reads from there.' },
  ],
};

/** The channel of Lambda's trigger, with the messages that a function gets. */
export function triggerParts(hasWindows: boolean) {
  const names = hasWindows ? (['lambdaBatch', 'lambdaWindow'] as const) : (['lambdaBatch'] as const);
  const channel: Channel = {
    address: '/lambda/event-source/{eventSourceMappingId}',
    title: 'Event source mapping',
    description:
      'The mapping from a stream to the function: how many records it gathers, from where, and what it does about failures.',
    servers: [{ $ref: '#/servers/lambda-trigger' }],
    parameters: { eventSourceMappingId: { description: "The mapping's UUID." } },
    messages: Object.fromEntries(
      names.map((name) => [name, { $ref: `#/components/messages/${triggerMessages[name].name}` }]),
    ),
  };
  const operation: Operation = {
    action: 'receive',
    channel: channelRef('lambdaTrigger'),
    title: 'The function',
    summary: 'Gets records of one stream, and runs the operations that take them.',
    description:
      'It answers with the lowest sequence number that is not done, in `batchItemFailures`, from where Lambda sends the records again; with none when all are done.',
    messages: names.map((name) => messageRef('lambdaTrigger', name)),
  };
  const messages = Object.fromEntries(
    names.map((name) => [triggerMessages[name].name, triggerMessages[name]]),
  );
  return { channel, operation, messages };
}

const triggerMessages = {
  lambdaBatch: {
    name: 'LambdaStreamEvent',
    title: 'Records for the function',
    summary: 'One invocation.',
    description: 'Between 1 and 10000 records of one shard, in their order.',
    contentType: 'application/json',
    payload: schemaRef('LambdaEvent'),
  },
  lambdaWindow: {
    name: 'LambdaWindowEvent',
    title: 'Records of a tumbling window for the function',
    summary: 'One invocation of a mapping with `TumblingWindowInSeconds`.',
    description: 'The function gives a new state back, which comes with the next records of the window.',
    contentType: 'application/json',
    payload: schemaRef('LambdaWindowEvent'),
  },
} as const satisfies Record<string, Message>;
