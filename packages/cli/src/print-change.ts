import {
  type AnyChange,
  type AttributeMap,
  type Difference,
  decodeItem,
  type EventName,
  imagesCarried,
  type StreamRecord,
} from '@sluice/core';
import { numeral, printPath, printValue } from './print-value.js';
import type { Format, Output } from './world.js';

/** The part of a change that is shown. */
export type ShownChange = Pick<AnyChange, 'record' | 'by' | 'diff'>;

/**
 * A change for people: what happened to which item and when, and under it what differs, a line each. Attributes of the key are in
 * the first line alone. Where the stream leaves an image out that would have to be compared, the other one is shown whole.
 */
export function printChange(change: ShownChange, out: Pick<Output, 'style'>): string {
  const lines = differencesOf(change).map((difference) => {
    const { sign, text } = tell(difference);
    return `  ${out.style(colours[sign], `${sign} ${text}`)}`;
  });
  return [titleOf(change, out), ...lines].join('\n');
}

function titleOf({ record, by }: ShownChange, out: Pick<Output, 'style'>): string {
  const { eventName, dynamodb } = record;
  const seconds = dynamodb.ApproximateCreationDateTime;
  const time = seconds === undefined ? [] : [out.style('dim', timeText(seconds))];
  const what = `${eventName}${by === 'ttl' ? ' (expired)' : ''}`;
  return [...time, out.style(['bold', eventColours[eventName]], what), keysText(record)].join('  ');
}

/** Attributes and values of an item's key, by name, as engines have them in any order: `pk: "USER#1", sk: 2`. */
export function keysText({ dynamodb: { Keys } }: StreamRecord): string {
  const keys = decodeItem(Keys, numeral);
  const names = Object.keys(keys).sort();
  return names.map((name) => `${printPath([name])}: ${printValue(keys[name])}`).join(', ');
}

/** To the second, as streams have it. */
function timeText(seconds: number): string {
  return new Date(seconds * 1000)
    .toISOString()
    .replace('T', ' ')
    .replace(/\.\d+Z$/, 'Z');
}

/** What has no other image to be compared with is told as it is. */
type Shown =
  | Difference
  | { readonly kind: 'whole'; readonly path: Difference['path']; readonly value: unknown };

function differencesOf(change: ShownChange): readonly Shown[] {
  const { eventName, dynamodb } = change.record;
  const { Keys, NewImage, OldImage, StreamViewType: view = 'NEW_AND_OLD_IMAGES' } = dynamodb;
  const carried = imagesCarried(view, eventName).size;
  const shown: readonly Shown[] =
    carried === imagesCarried('NEW_AND_OLD_IMAGES', eventName).size
      ? change.diff()
      : wholeOf(NewImage ?? OldImage ?? {});
  return shown.filter(
    ({ path: [name, ...inside] }) => inside.length > 0 || !Object.hasOwn(Keys, String(name)),
  );
}

function wholeOf(image: AttributeMap): readonly Shown[] {
  return Object.entries(decodeItem(image, numeral)).map(([name, value]) => ({
    kind: 'whole',
    path: [name],
    value,
  }));
}

function tell(difference: Shown): { readonly sign: Sign; readonly text: string } {
  const path = printPath(difference.path);
  switch (difference.kind) {
    case 'added':
      return { sign: '+', text: `${path}: ${printValue(difference.after)}` };
    case 'removed':
      return { sign: '-', text: `${path}: ${printValue(difference.before)}` };
    case 'changed':
      return {
        sign: '~',
        text: `${path}: ${printValue(difference.before)} → ${printValue(difference.after)}`,
      };
    case 'memberAdded':
      return { sign: '+', text: `${path}: ${printValue(difference.member)} joined the set` };
    case 'memberRemoved':
      return { sign: '-', text: `${path}: ${printValue(difference.member)} left the set` };
    case 'whole':
      return { sign: '=', text: `${path}: ${printValue(difference.value)}` };
  }
}

type Sign = '+' | '-' | '~' | '=';

const colours: Readonly<Record<Sign, Format>> = { '+': 'green', '-': 'red', '~': 'yellow', '=': 'reset' };

const eventColours = {
  INSERT: 'green',
  MODIFY: 'yellow',
  REMOVE: 'red',
} as const satisfies Readonly<Record<EventName, Format>>;
