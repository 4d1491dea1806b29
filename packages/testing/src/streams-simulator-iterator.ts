/** What a shard iterator stands for. It is written into the iterator's text, as on the real service. */
export interface ShardIterator {
  readonly streamArn: string;
  readonly shardId: string;
  /** The next page begins with the first record that has this number or a higher one. */
  readonly from: bigint;
  /** A number that must not have been trimmed when the iterator is used. */
  readonly needs: bigint;
  readonly issuedMs: number;
  /** The shard's `iteratorGeneration` when the iterator was issued. */
  readonly generation: number;
}

export function iteratorText(iterator: ShardIterator): string {
  const { streamArn, shardId, from, needs, issuedMs, generation } = iterator;
  const fields = [shardId, from, needs, Math.floor(issuedMs), generation].join(' ');
  return `${streamArn}|1|${Buffer.from(fields).toString('base64')}`;
}

/** `undefined` for what is not an iterator. */
export function readIterator(text: string): ShardIterator | undefined {
  const [, streamArn, encoded] = /^([^|]+)\|1\|([^|]+)$/.exec(text) ?? [];
  const fields = Buffer.from(encoded ?? '', 'base64').toString();
  const [, shardId, from, needs, issuedMs, generation] = /^(\S+) (\d+) (\d+) (\d+) (\d+)$/.exec(fields) ?? [];
  if (!streamArn || !shardId || !from || !needs) return undefined;
  return {
    streamArn,
    shardId,
    from: BigInt(from),
    needs: BigInt(needs),
    issuedMs: Number(issuedMs),
    generation: Number(generation),
  };
}
