export type { DestinationResource } from './cdk-permissions.js';
export type { CdkTables } from './cdk-tables.js';
export { StreamRouting, type StreamRoutingProps } from './stream-routing.js';
