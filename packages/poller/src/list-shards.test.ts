import type { DescribeStreamInput, StreamDescription } from '@sluice/core';
import { describe, expect, test } from 'vitest';
import { listShards, whatIsGone } from './list-shards.js';

const StreamArn = 'arn:aws:dynamodb:eu-west-1:123456789012:table/shop/stream/2026-01-01T00:00:00.000';

/** A stream whose pages are these; a page that is an error is thrown. Tells what it was asked. */
function stream(...pages: (readonly string[] | Error)[]) {
  const asked: DescribeStreamInput[] = [];
  const describeStream = async (input: DescribeStreamInput): Promise<StreamDescription> => {
    const page = pages[asked.push(input) - 1];
    if (page === undefined || page instanceof Error) throw page ?? new Error('one page too many');
    const last = asked.length < pages.length ? page.at(-1) : undefined;
    return {
      StreamArn,
      StreamLabel: '2026-01-01T00:00:00.000',
      TableName: 'shop',
      StreamStatus: 'ENABLED',
      StreamViewType: 'NEW_IMAGE',
      Shards: page.map((ShardId) => ({ ShardId })),
      ...(last !== undefined && { LastEvaluatedShardId: last }),
    };
  };
  return { asked, describeStream };
}

const named = (name: string) => Object.assign(new Error(name), { name });

describe('a listing', () => {
  test('has the shards of all pages, asked for one behind the other with the same filter', async () => {
    const { asked, describeStream } = stream(['a', 'b'], ['c'], ['d']);
    const ShardFilter = { Type: 'CHILD_SHARDS', ShardId: 'p' } as const;
    const { shards, streamStatus } = await listShards(describeStream, { StreamArn, ShardFilter });
    expect(shards.map(({ ShardId }) => ShardId)).toEqual(['a', 'b', 'c', 'd']);
    expect(streamStatus).toBe('ENABLED');
    expect(asked).toEqual([
      { StreamArn, ShardFilter },
      { StreamArn, ShardFilter, ExclusiveStartShardId: 'b' },
      { StreamArn, ShardFilter, ExclusiveStartShardId: 'c' },
    ]);
  });

  test('is whole or not at all: a page that fails rejects it', async () => {
    const { describeStream } = stream(['a', 'b'], named('InternalServerError'));
    await expect(listShards(describeStream, { StreamArn })).rejects.toMatchObject({
      name: 'InternalServerError',
    });
  });

  test('ends when a page leads nowhere', async () => {
    const { describeStream } = stream(['a'], ['a'], ['never asked for']);
    const { shards } = await listShards(describeStream, { StreamArn });
    expect(shards).toHaveLength(2);
  });
});

describe('after a "not found" about a shard', () => {
  test.each([
    ['the stream is gone when it cannot be described', [named('ResourceNotFoundException')], 'STREAM'],
    ['the shard is gone when the stream is there without it', [['a'], ['b']], 'SHARD'],
    ['neither is gone when the shard is listed, on whatever page', [['a'], ['x']], 'NEITHER'],
  ])('%s', async (_, pages, answer) => {
    expect(await whatIsGone(stream(...pages).describeStream, StreamArn, 'x')).toBe(answer);
  });

  test('nothing is concluded from a description that fails', async () => {
    const { describeStream } = stream(['a'], named('InternalServerError'));
    await expect(whatIsGone(describeStream, StreamArn, 'x')).rejects.toMatchObject({
      name: 'InternalServerError',
    });
  });
});
