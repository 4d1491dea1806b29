export { currentItems } from './current-items.js';
export type { DynamoDbOptions } from './dynamodb-client.js';
export { DynamoDbStoreError, RowTooLargeError } from './dynamodb-errors.js';
export { type DynamoDbStore, dynamoDbStore } from './dynamodb-store.js';
export { type CreateTableOptions, createTable } from './dynamodb-table.js';
