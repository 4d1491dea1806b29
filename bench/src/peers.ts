import { BatchProcessor, EventType, processPartialResponse } from '@aws-lambda-powertools/batch';
import { parser } from '@aws-lambda-powertools/batch/parser';
import { unmarshall } from '@aws-sdk/util-dynamodb';
import middy from '@middy/core';
import eventNormalizer from '@middy/event-normalizer';
import type { AttributeMap, StreamRecord } from '@sluice/core';
import type { LambdaEvent } from '@sluice/testing';
import { sink } from './group.js';
import { orderSchema } from './shop.js';

/**
 * The same work by other means: of the records in which a customer's order became PAID, read three attributes. Each of them
 * has both images decoded, which is what they offer.
 */

/** What one writes without a library: a filter on the raw record, `unmarshall` of both images, a call. */
export function byHand(event: LambdaEvent): void {
  for (const record of event.Records) oneByHand(record);
}

function oneByHand({ eventName, dynamodb: { Keys, OldImage, NewImage } }: StreamRecord): void {
  if (eventName !== 'MODIFY' || !OldImage || !NewImage) return;
  if (!textOf(Keys, 'pk')?.startsWith('CUSTOMER#') || !textOf(Keys, 'sk')?.startsWith('ORDER#')) return;
  if (textOf(OldImage, 'status') !== 'PENDING' || textOf(NewImage, 'status') !== 'PAID') return;
  handle(unmarshalled(OldImage), unmarshalled(NewImage));
}

function textOf(image: AttributeMap, name: string): string | undefined {
  const value = image[name];
  return value && 'S' in value ? value.S : undefined;
}

/** The SDK's attribute values are those of a stream's JSON, except for binary, of which there is none here. */
function unmarshalled(image: AttributeMap): Record<string, unknown> {
  return unmarshall(image as Parameters<typeof unmarshall>[0]);
}

function handle(_old: Record<string, unknown>, item: Record<string, unknown>): void {
  sink.sum += Number(item['total']) + String(item['status']).length + String(item['customer']).length;
}

const processor = new BatchProcessor(EventType.DynamoDBStreams);

/** Powertools batch, one record after another, with the handler written by hand. */
export function powertools(event: LambdaEvent): Promise<unknown> {
  return processPartialResponse(
    withRecords(event),
    async (record: StreamRecord) => oneByHand(record),
    processor,
    {
      processInParallel: false,
    },
  );
}

const parsing = new BatchProcessor(EventType.DynamoDBStreams, {
  parser,
  innerSchema: orderSchema,
  transformer: 'unmarshall',
});

interface ParsedRecord {
  readonly eventName: string;
  readonly dynamodb: { readonly OldImage: Item; readonly NewImage: Item };
}
interface Item {
  readonly [name: string]: unknown;
}

/** Powertools batch with its parser: both images are decoded and validated before the handler can look at the record. */
export function powertoolsWithParser(event: LambdaEvent): Promise<unknown> {
  const one = async ({ eventName, dynamodb: { OldImage, NewImage } }: ParsedRecord) => {
    if (eventName === 'MODIFY' && OldImage['status'] === 'PENDING' && NewImage['status'] === 'PAID') {
      handle(OldImage, NewImage);
    }
  };
  return processPartialResponse(withRecords(event), one, parsing, { processInParallel: false });
}

function withRecords({ Records }: LambdaEvent): { Records: { [key: string]: unknown }[] } {
  return { Records: Records as unknown as { [key: string]: unknown }[] };
}

interface NormalizedEvent {
  readonly Records: readonly ParsedRecord[];
}

const middyHandler = middy<NormalizedEvent>()
  .use(eventNormalizer())
  .handler(async ({ Records }: NormalizedEvent) => {
    for (const { eventName, dynamodb } of Records) {
      if (eventName !== 'MODIFY' || dynamodb.OldImage['status'] !== 'PENDING') continue;
      if (dynamodb.NewImage['status'] === 'PAID') handle(dynamodb.OldImage, dynamodb.NewImage);
    }
  });

/** middy with its event normalizer, which decodes in place: each call gets records of its own. */
export function middyNormalized({ Records }: LambdaEvent): Promise<unknown> {
  const own = { Records: Records.map((record) => ({ ...record, dynamodb: { ...record.dynamodb } })) };
  return middyHandler(own as unknown as NormalizedEvent, context as never);
}

const context = { getRemainingTimeInMillis: () => 60_000 };
