import type { StreamRecord } from '@sluice/core';
import { lambdaEvent } from './records.js';

const common = { eventVersion: '1.1', eventSource: 'aws:dynamodb', awsRegion: 'us-east-1' } as const;
const usersArn = 'arn:aws:dynamodb:us-east-1:123456789012:table/Users/stream/2026-03-03T00:00:00.000';
const sessionsArn = 'arn:aws:dynamodb:us-east-1:123456789012:table/Sessions/stream/2026-03-03T00:00:00.000';

const insertUser: StreamRecord = {
  eventID: '7de3041dd47d7c024cff8e5d6b0c5632',
  eventName: 'INSERT',
  ...common,
  dynamodb: {
    ApproximateCreationDateTime: 1709486400,
    Keys: { UserId: { S: 'user-123' } },
    NewImage: {
      UserId: { S: 'user-123' },
      Name: { S: 'Jane Doe' },
      Email: { S: 'jane@example.com' },
      CreatedAt: { S: '2026-03-03T12:00:00Z' },
    },
    SequenceNumber: '111',
    SizeBytes: 256,
    StreamViewType: 'NEW_AND_OLD_IMAGES',
  },
  eventSourceARN: usersArn,
};

const modifyUserEmail: StreamRecord = {
  eventID: '9a87b6c5d4e3f2a1b0c9d8e7f6a5b4c3',
  eventName: 'MODIFY',
  ...common,
  dynamodb: {
    ApproximateCreationDateTime: 1709486460,
    Keys: { UserId: { S: 'user-123' } },
    OldImage: { UserId: { S: 'user-123' }, Name: { S: 'Jane Doe' }, Email: { S: 'jane@example.com' } },
    NewImage: { UserId: { S: 'user-123' }, Name: { S: 'Jane Doe' }, Email: { S: 'jane.doe@example.com' } },
    SequenceNumber: '222',
    SizeBytes: 512,
    StreamViewType: 'NEW_AND_OLD_IMAGES',
  },
  eventSourceARN: usersArn,
};

const removeUser: StreamRecord = {
  eventID: 'a1b2c3d4e5f6a7b8c9d0e1f2a3b4c5d6',
  eventName: 'REMOVE',
  ...common,
  dynamodb: {
    ApproximateCreationDateTime: 1709486520,
    Keys: { UserId: { S: 'user-123' } },
    OldImage: { UserId: { S: 'user-123' }, Name: { S: 'Jane Doe' }, Email: { S: 'jane.doe@example.com' } },
    SequenceNumber: '333',
    SizeBytes: 256,
    StreamViewType: 'NEW_AND_OLD_IMAGES',
  },
  eventSourceARN: usersArn,
};

const expireSession: StreamRecord = {
  eventID: 'f1e2d3c4b5a6f7e8d9c0b1a2f3e4d5c6',
  eventName: 'REMOVE',
  ...common,
  userIdentity: { type: 'Service', principalId: 'dynamodb.amazonaws.com' },
  dynamodb: {
    ApproximateCreationDateTime: 1709486580,
    Keys: { SessionId: { S: 'session-abc' } },
    OldImage: { SessionId: { S: 'session-abc' }, TTL: { N: '1709400000' } },
    SequenceNumber: '444',
    SizeBytes: 128,
    StreamViewType: 'NEW_AND_OLD_IMAGES',
  },
  eventSourceARN: sessionsArn,
};

/**
 * The life of a user in the table `Users` (key `UserId`) and the expiry of a session in the table `Sessions` (key
 * `SessionId`, time to live in `TTL`), as four records. Their sequence numbers are shorter than DynamoDB's own.
 */
export const exampleRecords = { insertUser, modifyUserEmail, removeUser, expireSession } as const;

/** The same records as Lambda delivers them: a batch is of one stream. */
export const exampleBatches = {
  users: lambdaEvent([insertUser, modifyUserEmail, removeUser]),
  sessions: lambdaEvent([expireSession]),
} as const;
