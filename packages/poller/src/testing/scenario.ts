import {
  type Context,
  createRouter,
  type Logger,
  type Router,
  route,
  type StreamRecord,
  table,
} from '@sluice/core';
import {
  type SimulatedStreams,
  type SimulatedTable,
  type SimulatedTableOptions,
  type StreamsSimulatorOptions,
  seededRandom,
  simulateStreams,
  type VirtualClock,
  virtualClock,
} from '@sluice/testing';
import type { PollOptions } from '../options.js';
import { poll } from '../poll.js';
import { type RowStore, rowStore } from './row-store.js';

/** A table `shop`, its stream in the simulator, and a poller with one handler that notes what it was given. */
export interface Scenario {
  readonly clock: VirtualClock;
  readonly streams: SimulatedStreams;
  readonly shop: SimulatedTable;
  readonly store: RowStore;
  readonly logs: readonly Log[];
  /** Sequence numbers of the handled records, in the order in which their handlers succeeded. */
  readonly handled: string[];
  /** What the handler does before it succeeds; nothing by default. Throwing fails it. */
  work: (record: StreamRecord, context: Context) => Promise<void> | void;
  router: Router;
  /** Starts to poll; the simulator and the store are given, everything else as by default. */
  begin(options?: Partial<PollOptions>): Polling;
  /** Sequence numbers of all records that the stream ever had, in write order. */
  written(): string[];
  shardIds(): string[];
}

interface Polling {
  /** Settles as `poll` does. A rejection is kept for whoever looks. */
  readonly end: Promise<void>;
  /** Aborts the signal and runs the clock until `poll` has settled. */
  stop(): Promise<void>;
}

interface Log {
  readonly level: string;
  readonly fields: Readonly<Record<string, unknown>>;
  readonly message: string;
}

export interface ScenarioOptions extends Omit<StreamsSimulatorOptions, 'clock'> {
  readonly table?: Partial<SimulatedTableOptions>;
}

export function scenario({ table: tableOptions, ...simulator }: ScenarioOptions = {}): Scenario {
  const clock = virtualClock();
  const streams = simulateStreams({ clock, ...simulator });
  const shop = streams.createTable({ name: 'shop', keys: { partition: 'pk' }, ...tableOptions });
  const logs: Log[] = [];
  const self: Scenario = {
    clock,
    streams,
    shop,
    store: rowStore(),
    logs,
    handled: [],
    work: () => {},
    router: createRouter({
      name: 'test',
      routes: [
        route.on(
          table('shop', { keys: { partition: 'pk' } }),
          { id: 'note' },
          async ({ record }, context) => {
            await self.work(record, context);
            self.handled.push(record.dynamodb.SequenceNumber);
          },
        ),
      ],
      clock,
      random: seededRandom(7),
      logger: noting(logs),
    }),
    begin(options = {}) {
      const stopping = new AbortController();
      const { signal = stopping.signal } = options;
      const given = { streams: ['shop'], streamsApi: streams.api, store: self.store, ...options, signal };
      const end = poll(self.router, given);
      end.catch(() => {}); // looked at by the test
      return {
        end,
        stop() {
          stopping.abort();
          return clock.run(end);
        },
      };
    },
    written: () => streams.written(shop.streamArn).map(({ dynamodb }) => dynamodb.SequenceNumber),
    shardIds: () => streams.shards(shop.streamArn).map(({ shardId }) => shardId),
  };
  return self;
}

function noting(logs: Log[]): Logger {
  const note = (level: string) => (fields: object, message: string) =>
    void logs.push({ level, fields: { ...fields }, message });
  return { debug: note('debug'), info: note('info'), warn: note('warn'), error: note('error') };
}
