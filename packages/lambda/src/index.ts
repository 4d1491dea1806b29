export {
  type CloudWatchMetrics,
  type CloudWatchMetricsOptions,
  cloudWatchMetrics,
} from './cloudwatch-metrics.js';
export { MalformedEventError } from './event.js';
export type { LambdaContext, LambdaEvent, LambdaResponse } from './invocation.js';
export { type LambdaOptions, lambda } from './lambda.js';
export { WindowNotClosedError } from './window-event.js';
