export type { AttributeMap, AttributeValue, EventName, StreamRecord, StreamViewType } from '@sluice/filters';
export { type Clock, type Random, systemClock } from './clock.js';
export { consoleLogger, type Logger } from './logger.js';
export type { JsonValue, NewRow, Row, RowKey, Store, Written } from './store.js';
export type {
  DescribeStreamInput,
  GetRecordsInput,
  GetRecordsOutput,
  GetShardIteratorInput,
  ListStreamsInput,
  ListStreamsOutput,
  Shard,
  ShardIteratorType,
  StreamDescription,
  StreamsApi,
} from './streams-api.js';
