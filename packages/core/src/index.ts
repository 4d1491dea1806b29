export {
  type AnyAttribute,
  type AnyFilter,
  type Attribute,
  type AttributeMap,
  type Attributes,
  type AttributeType,
  type AttributeValue,
  absent,
  all,
  any,
  type Captures,
  type CrossingDirection,
  type Decimal,
  decimal,
  type Entity,
  type EntityModel,
  type EntityOptions,
  type EntityTypes,
  type Environment,
  type EventName,
  eventName,
  type Filter,
  type FilterNode,
  FilterPatternError,
  type From,
  type Image,
  imagesCarried,
  isSluiceError,
  type KeyOf,
  type KeysOf,
  type Literal,
  MalformedValueError,
  MissingImageError,
  MissingKeyError,
  type Model,
  type ModelTypes,
  type NativeItem,
  type NativeValue,
  type NumberLiteral,
  type NumberPolicy,
  nodeOf,
  not,
  patternMatcher,
  printFilter,
  type RemovedBy,
  removedBy,
  SluiceError,
  type StreamRecord,
  type StreamViewType,
  streamRegion,
  type Table,
  type TableKeys,
  type TableModel,
  type TableOptions,
  type TablePattern,
  type TablePatternProblem,
  type TableTypes,
  type Tested,
  table,
  tableOf,
  tableOfModel,
  tablePattern,
  value,
  where,
} from '@sluice/filters';
export type { StandardSchemaV1 } from '@standard-schema/spec';
export { type Backoff, exponentialBackoff } from './backoff.js';
export { type BatchOptions, type BatchResult, runBatch } from './batch.js';
export type { AnyCall, BatchCall, HandlerCall, RecordCall } from './calls.js';
export type { AnyMiddleware, Middleware } from './chain.js';
export type { AnyChange, Change, Expired, Inserted, Modified, Removed } from './change.js';
export { type Clock, type Random, systemClock } from './clock.js';
export { type CallContext, type Context, contextWith } from './context.js';
export { decodeItem } from './decode.js';
export type { Difference } from './diff.js';
export { createDrain, type Drain, type DrainOptions, type Offering } from './drain.js';
export {
  ConfigurationError,
  InvalidItemError,
  MalformedRecordError,
  NeverAgainError,
  NoWindowError,
  RetryLaterError,
  UnknownTableError,
} from './errors.js';
export { eventIdOf, groupIdOf, idempotencyKeyOf, itemKeyOf } from './event-identity.js';
export { type Explanation, explain } from './explain.js';
export type {
  Destination,
  FailedChange,
  FailureAction,
  FailurePolicy,
  FailureReason,
} from './failure.js';
export type { LaneKey } from './lane-key.js';
export type {
  Ledger,
  LedgerScope,
  OnceOptions,
  OpenDelivery,
  Parking,
  ParkingMode,
} from './ledger.js';
export { consoleLogger, jsonLine, type Logger, tell, withFields } from './logger.js';
export { type LoggingOptions, type LogLevel, logging } from './logging.js';
export {
  type MetricAttributes,
  type MetricDefinition,
  type MetricName,
  type Metrics,
  metricDefinitions,
  metrics,
} from './metrics.js';
export {
  type Failed,
  type Handled,
  handled,
  type NeverAgain,
  neverAgain,
  type Outcome,
  type RetryLater,
  retryLater,
  type Skipped,
  skipped,
} from './outcome.js';
export { type PageRun, runPage } from './page.js';
export { createProcessMemory, type ProcessMemory } from './process-memory.js';
export {
  type Counts,
  type Page,
  type Progress,
  type RecordState,
  recallFrom,
  recordState,
  type Task,
} from './progress.js';
export { type RetryOptions, retry } from './retry.js';
export {
  type AboutScope,
  batchKind,
  type GroupOptions,
  type Handling,
  makeRoute,
  type Route,
  type RouteKind,
  type RouteOptions,
  type Routes,
  route,
  routeKinds,
  windowRoute,
} from './route.js';
export {
  type CompiledRoute,
  createRouter,
  type Order,
  type Router,
  type RouterOptions,
} from './router.js';
export { compareSequenceNumbers } from './sequence-number.js';
export type { JsonValue, NewRow, Row, RowKey, Store, Written } from './store.js';
export { callStore, deleteRow, putRow, type StoreCalling } from './store-calls.js';
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
export type { RoutedTable, TableAliases } from './tables.js';
export { TimeoutError, type TimeoutOptions, timeout } from './timeout.js';
export type {
  Added,
  CloseContext,
  TumblingWindow,
  WindowDelivery,
  WindowFold,
  WindowOptions,
  WindowState,
} from './window.js';
