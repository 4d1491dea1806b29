export { type Engine, type EngineOptions, startEngine } from './engine.js';
export { EngineMissingError } from './engine-commands.js';
export { EngineStartError } from './engine-process.js';
export { type FaultProxy, type HeldCall, startFaultProxy } from './fault-proxy.js';
export { faultyStore, type StoreFaults } from './faulty-store.js';
export { exampleBatches, exampleRecords } from './fixtures.js';
export { type Call, type Delivered, type DeliveredInWindow, type Given, given } from './given.js';
export {
  type Effect,
  type Expected,
  type GuaranteesReport,
  guarantees,
  type HandledRecord,
  type Overtaken,
  type RecordName,
} from './guarantees.js';
export { type ReadResponse, readResponse } from './lambda-response.js';
export { type LambdaReport, simulateLambda } from './lambda-simulator.js';
export type { LambdaInvocation } from './lambda-simulator-deliveries.js';
export type { OnFailureDocument } from './lambda-simulator-document.js';
export type {
  LambdaFault,
  LambdaFaultChances,
  LambdaFaults,
  Moment,
  PlannedInvocation,
} from './lambda-simulator-faults.js';
export type { LambdaFunction, SimulatedContext } from './lambda-simulator-function.js';
export type { LambdaSimulatorOptions } from './lambda-simulator-options.js';
export { type SandboxEnvironment, storeIn } from './lambda-simulator-sandbox.js';
export type { LambdaWindow } from './lambda-simulator-windows.js';
export {
  type LambdaEvent,
  lambdaEvent,
  type RecordOptions,
  type Records,
  type RecordsOptions,
  recordsOf,
  type TableKeys,
} from './records.js';
export { toWire } from './records-wire.js';
export { seededRandom } from './seeded-random.js';
export { storeThrough } from './store-through.js';
export {
  type ChildListing,
  type SimulatedShard,
  type SimulatedStreams,
  type SimulatedTableOptions,
  type StreamsSimulatorOptions,
  simulateStreams,
} from './streams-simulator.js';
export type { FaultOptions, StreamsOperation } from './streams-simulator-faults.js';
export { peakCalls, type StreamsCall } from './streams-simulator-port.js';
export type { ItemForm, SimulatedTable } from './streams-simulator-table.js';
export {
  type ConformanceTest,
  type StoreCase,
  type StoreUnderTest,
  storeSuite,
} from './suites/store-suite.js';
export {
  type StreamsCase,
  type StreamsUnderTest,
  streamsSuite,
  type TableUnderTest,
} from './suites/streams-suite.js';
export { type VirtualClock, virtualClock, type WakeLimit } from './virtual-clock.js';
