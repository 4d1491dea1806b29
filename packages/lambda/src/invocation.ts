/**
 * The part of an event of a DynamoDB Streams event source mapping that is used. `DynamoDBStreamEvent` satisfies it. All but the records is
 * there where the mapping has `TumblingWindowInSeconds`.
 * Source: https://docs.aws.amazon.com/lambda/latest/dg/services-ddb-windows.html
 */
export interface LambdaEvent {
  readonly Records: readonly object[];
  /** ISO 8601 text. */
  readonly window?: { readonly start: string; readonly end: string };
  /** What the event before it in its window was answered with. */
  readonly state?: Readonly<Record<string, unknown>> | null;
  readonly shardId?: string;
  readonly eventSourceARN?: string;
  readonly isFinalInvokeForWindow?: boolean;
  readonly isWindowTerminatedEarly?: boolean;
}

/** The part of Lambda's context that is used. */
export interface LambdaContext {
  getRemainingTimeInMillis(): number;
  /** Of this invocation; it is in the lines of its log. */
  readonly awsRequestId?: string;
  /** X-Ray's header for this invocation, where the runtime gives it with the context: `Root=1-…;Parent=…;Sampled=1`. */
  readonly xRayTraceId?: string | undefined;
}

/**
 * What Lambda takes as the checkpoint: the lowest unfinished sequence number, or none when all is done. The mapping
 * needs `FunctionResponseTypes: [ReportBatchItemFailures]`.
 * Source: https://docs.aws.amazon.com/lambda/latest/dg/services-ddb-batchfailurereporting.html
 */
export interface LambdaResponse {
  batchItemFailures: { itemIdentifier: string }[];
  /** Always there for an event of a window, and for no other: what the next event of the window is given. */
  state?: Readonly<Record<string, unknown>>;
}
