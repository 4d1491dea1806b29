import type { Parking, Router, Store, StreamsApi } from '@sluice/core';
import type { Caller } from './calling.js';
import type { Checkpoints, StartingPosition } from './checkpoint.js';
import type { Crew } from './crew.js';
import type { DescribeStream } from './list-shards.js';

/** What one run of the poller works with. */
export interface PollRun extends Caller {
  readonly router: Router;
  readonly api: StreamsApi;
  readonly store: Store | undefined;
  readonly name: string;
  readonly startingPosition: StartingPosition;
  readonly onGap: 'halt' | 'report';
  readonly maxAhead: number;
  /** Aborts when handlers that are still running have to give up. */
  readonly working: AbortSignal;
  readonly start: Crew['start'];
  readonly fail: Crew['fail'];
}

/** What the shards of one stream work with. */
export interface StreamRun extends PollRun {
  readonly streamArn: string;
  /** Paced, and repeated while its errors mean "later". */
  readonly describeStream: DescribeStream;
  readonly keep: Checkpoints['save'];
  /** What is parked of the stream, where the router has a ledger. */
  readonly parking: Parking | undefined;
}
