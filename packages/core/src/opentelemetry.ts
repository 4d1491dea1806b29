/** What needs `@opentelemetry/api`, an optional peer: an entry of its own, `@sluice/core/opentelemetry`. */
export { openTelemetryMetrics } from './opentelemetry-metrics.js';
export { tracing } from './tracing.js';
