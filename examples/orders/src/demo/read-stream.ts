import type { StreamRecord } from '@sluice/core';
import { awsStreams } from '@sluice/poller';
import type { Engine } from '@sluice/testing';

/** All records of a table's stream, as they are now. */
export async function readStream(
  engine: Pick<Engine, 'endpoint' | 'region' | 'credentials'>,
  table: string,
): Promise<readonly StreamRecord[]> {
  const streams = awsStreams({
    endpoint: engine.endpoint,
    region: engine.region,
    credentials: engine.credentials,
  });
  const records: StreamRecord[] = [];
  const { Streams } = await streams.listStreams({ TableName: table });
  for (const { StreamArn } of Streams) {
    const { Shards } = await streams.describeStream({ StreamArn });
    for (const { ShardId } of Shards) {
      const position = { StreamArn, ShardId, ShardIteratorType: 'TRIM_HORIZON' } as const;
      let iterator: string | undefined = await streams.getShardIterator(position);
      while (iterator !== undefined) {
        const page = await streams.getRecords({ StreamArn, ShardIterator: iterator });
        records.push(...page.Records);
        iterator = page.Records.length > 0 ? page.NextShardIterator : undefined;
      }
    }
  }
  streams.destroy();
  return records;
}
