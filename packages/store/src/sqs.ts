export { type SqsDestinationOptions, sqsDestination } from './sqs-destination.js';
