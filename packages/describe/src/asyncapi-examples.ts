import type { EventName, Model, RoutedTable } from '@sluice/core';
import { imagesCarried, tableOfModel } from '@sluice/core';
import type { MessageExample } from './asyncapi-document.js';
import type { SampledChange } from './sample-item.js';

/** Records of an event as a stream of the table would have them; of a table with a time to live an expiry too. */
export function examplesOf(
  eventName: EventName,
  model: Model,
  table: RoutedTable,
  change: SampledChange,
): readonly MessageExample[] {
  const example = {
    name: doneIn[eventName],
    summary: summaries[eventName],
    payload: recordOf(eventName, model, table, change),
  };
  if (eventName !== 'REMOVE' || tableOfModel(model).ttl === undefined) return [example];
  return [
    example,
    {
      name: 'expired',
      summary: 'It was removed by DynamoDB, since its time to live had passed.',
      payload: {
        ...recordOf(eventName, model, table, change),
        eventID: eventId(4),
        userIdentity: { type: 'Service', principalId: 'dynamodb.amazonaws.com' },
      },
    },
  ];
}

const doneIn: Record<EventName, string> = { INSERT: 'inserted', MODIFY: 'modified', REMOVE: 'removed' };
const summaries: Record<EventName, string> = {
  INSERT: 'It was put where none was.',
  MODIFY: 'One of its attributes was written again.',
  REMOVE: 'Somebody removed it.',
};
const numbers: Record<EventName, number> = { INSERT: 1, MODIFY: 2, REMOVE: 3 };

function recordOf(eventName: EventName, model: Model, table: RoutedTable, { before, after }: SampledChange) {
  const { keys, view } = tableOfModel(model);
  const carried = imagesCarried(view, eventName);
  const newImage = eventName === 'INSERT' ? before : after;
  const oldImage = eventName === 'REMOVE' ? after : before;
  const names = [keys.partition, ...(keys.sort === undefined ? [] : [keys.sort])];
  const number = numbers[eventName];
  const arn = exampleArn(table);
  return {
    eventID: eventId(number),
    eventName,
    eventVersion: '1.1',
    eventSource: 'aws:dynamodb',
    awsRegion: arn.split(':')[3],
    dynamodb: {
      ApproximateCreationDateTime: 1_772_539_200 + 60 * number,
      Keys: Object.fromEntries(names.map((name) => [name, before[name]])),
      ...(carried.has('NewImage') && { NewImage: newImage }),
      ...(carried.has('OldImage') && { OldImage: oldImage }),
      SequenceNumber: `${number}00000000000000000001`,
      SizeBytes: 256,
      StreamViewType: view,
    },
    eventSourceARN: arn,
  };
}

function eventId(number: number): string {
  return String(number).padStart(32, '0');
}

/** The ARN of a stream that the table's description means. */
function exampleArn({ text }: RoutedTable): string {
  const arn = text.startsWith('arn:') ? text : `arn:aws:dynamodb:*:*:table/${text}`;
  const [prefix, partition, service, region, account, table] = arn.split(':');
  const parts = [
    prefix,
    partition === '*' ? 'aws' : partition,
    service === '*' ? 'dynamodb' : service,
    region === '*' ? 'us-east-1' : region,
    account === '*' ? '123456789012' : account,
    table,
  ];
  return `${parts.join(':').replaceAll('*', '1')}/stream/2026-03-03T00:00:00.000`;
}
