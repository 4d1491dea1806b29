import type { JsonSchema, Named } from './asyncapi-document.js';
import { listOf, object, schemaRef, text } from './json-schema.js';

/**
 * What every stream has in common, whatever its table: a record as Lambda hands it over, and a stream and its shards as the
 * Streams API describes them.
 *
 * Source: https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_Types_Amazon_DynamoDB_Streams.html
 */
export const streamSchemas = {
  AttributeValue: {
    type: 'object',
    description: 'One value of an item, under the one letter or word that names its type.',
    minProperties: 1,
    maxProperties: 1,
    additionalProperties: false,
    properties: {
      S: text('Text.'),
      N: text('A number in decimal digits: as text, so that none of them is lost.'),
      B: text('Bytes, in base64.'),
      SS: listOf({ type: 'string' }, 'A set of texts.'),
      NS: listOf({ type: 'string' }, 'A set of numbers, each as text.'),
      BS: listOf({ type: 'string' }, 'A set of byte strings, each in base64.'),
      M: object({
        description: 'A map from names to values.',
        additionalProperties: schemaRef('AttributeValue'),
      }),
      L: listOf(schemaRef('AttributeValue'), 'A list of values of any types.'),
      NULL: { type: 'boolean', description: 'Null; what is written is always `true`.' },
      BOOL: { type: 'boolean', description: 'True or false.' },
    },
    examples: [{ S: 'text' }],
  },
  StreamRecord: object({
    description: 'One change of one item.',
    required: ['eventID', 'eventName', 'eventVersion', 'eventSource', 'awsRegion', 'dynamodb'],
    properties: {
      eventID: text('Names this record, within its table at least.'),
      eventName: {
        type: 'string',
        enum: ['INSERT', 'MODIFY', 'REMOVE'],
        description: 'What was done: the item was put where none was, was written again, or was removed.',
      },
      eventVersion: text('The version of this format.', { examples: ['1.1'] }),
      eventSource: text('The service that records come from.', { const: 'aws:dynamodb' }),
      awsRegion: text('The Region of the stream.', { examples: ['us-east-1'] }),
      userIdentity: object({
        description:
          'Who removed the item, where that was DynamoDB itself because its time to live had passed.',
        properties: {
          type: text('The kind of who it was.', { examples: ['Service'] }),
          principalId: text('Who it was.', { examples: ['dynamodb.amazonaws.com'] }),
        },
      }),
      dynamodb: object({
        description: 'The change itself.',
        required: ['Keys', 'SequenceNumber', 'SizeBytes', 'StreamViewType'],
        properties: {
          ApproximateCreationDateTime: {
            type: 'integer',
            description: 'When it was written, in whole seconds since 1970; it is rounded down.',
          },
          Keys: attributes('The key attributes of the item.'),
          NewImage: attributes(
            'The item after the change; a removed one has none, and some views leave it out.',
          ),
          OldImage: attributes(
            'The item before the change; a new one has none, and some views leave it out.',
          ),
          SequenceNumber: text('The place of the record in its shard: decimal digits, compared as a number.'),
          SizeBytes: { type: 'integer', description: 'How large the record is, in bytes.' },
          StreamViewType: viewType('What records of this stream carry.'),
        },
      }),
      eventSourceARN: text('The ARN of the stream.', {
        examples: ['arn:aws:dynamodb:us-east-1:123456789012:table/MyTable/stream/2026-03-03T00:00:00.000'],
      }),
    },
  }),
  LambdaEvent: object({
    description: 'What a function is invoked with: records of one shard, in their order.',
    required: ['Records'],
    properties: {
      Records: listOf(
        schemaRef('StreamRecord'),
        'As many as the event source mapping gathers, and no more.',
        {
          minItems: 1,
          maxItems: 10_000,
        },
      ),
    },
  }),
  StreamDescription: object({
    description: 'What DescribeStream says of a stream.',
    properties: {
      StreamArn: text('The ARN of the stream.'),
      StreamLabel: text('When the stream was made, as its ARN ends.'),
      StreamStatus: {
        type: 'string',
        enum: ['ENABLING', 'ENABLED', 'DISABLING', 'DISABLED'],
        description: 'Whether it takes up changes by now, or still.',
      },
      StreamViewType: viewType('What its records carry.'),
      CreationRequestDateTime: text('When somebody asked for the stream.', { format: 'date-time' }),
      TableName: text('The table whose changes it holds.'),
      KeySchema: listOf(
        object({
          properties: {
            AttributeName: { type: 'string' },
            KeyType: { type: 'string', enum: ['HASH', 'RANGE'] },
          },
        }),
        "The table's key attributes: the partition key, and the sort key where there is one.",
      ),
      Shards: listOf(schemaRef('Shard'), 'Shards of the stream, one page of them.'),
      LastEvaluatedShardId: text('Where the next page begins, if there is one.'),
    },
  }),
  Shard: object({
    description:
      'A stretch of the stream that is read from its beginning. The records of an item are all in one line of them.',
    properties: {
      ShardId: text('Names the shard.'),
      SequenceNumberRange: object({
        description: 'From where to where it reaches.',
        properties: {
          StartingSequenceNumber: text('That of its first record.'),
          EndingSequenceNumber: text('That of its last record; an open shard has none yet.'),
        },
      }),
      ParentShardId: text('The shard that this one goes on from: to be read to its end first.'),
    },
  }),
} as const satisfies Named<JsonSchema>;

/** What a function is invoked with when its mapping has tumbling windows. Source: https://docs.aws.amazon.com/lambda/latest/dg/services-ddb-windows.html */
export const windowEventSchema: JsonSchema = object({
  description:
    'What a function is invoked with for a tumbling window: some of its records, and what was made of those before.',
  required: ['Records', 'window', 'state', 'shardId', 'eventSourceARN', 'isFinalInvokeForWindow'],
  properties: {
    Records: listOf(
      schemaRef('StreamRecord'),
      'The next records of the window; the last event may have none.',
      {
        maxItems: 10_000,
      },
    ),
    window: object({
      description: 'From when to when the window reaches; the end is not part of it.',
      required: ['start', 'end'],
      properties: {
        start: text('ISO 8601, UTC.', { format: 'date-time' }),
        end: text('ISO 8601, UTC.', { format: 'date-time' }),
      },
    }),
    state: object({
      description: 'What the event before gave back, by the ids of the window routes; empty at first.',
    }),
    shardId: text('The shard that the window is of.'),
    eventSourceARN: text('The ARN of the stream.'),
    isFinalInvokeForWindow: { type: 'boolean', description: 'Whether the window ends with this event.' },
    isWindowTerminatedEarly: {
      type: 'boolean',
      description: 'Whether it ends before its time, since its state has become too large.',
    },
  },
});

function attributes(description: string): JsonSchema {
  return object({ description, additionalProperties: schemaRef('AttributeValue') });
}

function viewType(description: string): JsonSchema {
  return {
    type: 'string',
    enum: ['KEYS_ONLY', 'NEW_IMAGE', 'OLD_IMAGE', 'NEW_AND_OLD_IMAGES'],
    description,
  };
}
