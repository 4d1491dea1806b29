export { type AwsStreams, awsStreams } from './aws-streams.js';
export { type CheckStreamsOptions, checkStreams } from './check-streams.js';
export type { StartingPosition } from './checkpoint.js';
export {
  CheckpointConflictError,
  CheckpointStoreError,
  CheckpointUnreadableError,
  type Gap,
  StreamGapError,
  StreamsCallError,
} from './errors.js';
export type { StreamsFound } from './find-streams.js';
export type { PollOptions } from './options.js';
export { poll } from './poll.js';
