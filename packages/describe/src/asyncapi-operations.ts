import type { Route } from '@sluice/core';
import { canPass } from '@sluice/filters';
import type { Operation, Reference } from './asyncapi-document.js';
import { messageName } from './asyncapi-messages.js';
import type { RouteEntry } from './route-list.js';

/** Where a route is in the document: its channel, and what its model is called there. */
export interface Place {
  readonly channel: string;
  readonly model: string;
}

/** A route as an operation: what it takes, in words and as data. */
export function operationOf(route: Route, entry: RouteEntry, { channel, model }: Place): Operation {
  const { id, table, entity, when, filter, order, exclusive, once, window, maxSize, onFailure } = entry;
  const possible = route.events.filter((eventName) => canPass(route.filter, eventName));
  const events = possible.length > 0 ? possible : route.events;
  const of = entity === undefined ? `items of ${table}` : `${entity} in ${table}`;
  return {
    action: 'receive',
    channel: channelRef(channel),
    title: id,
    summary: `${events.join('/')} of ${of}${when === 'everything' ? '' : `, when ${when}`}`,
    description: sentencesOf(entry).join(' '),
    messages: events.map((eventName) => messageRef(channel, messageName(model, eventName))),
    'x-filter': filter,
    ...(order !== 0 && { 'x-order': order }),
    ...(exclusive !== undefined && { 'x-exclusive': exclusive }),
    ...(once && { 'x-once': true }),
    ...(window && { 'x-window': true }),
    ...(maxSize !== undefined && { 'x-max-size': maxSize }),
    ...(onFailure && { 'x-on-failure': onFailure }),
  };
}

export function channelRef(channel: string): Reference {
  return { $ref: `#/channels/${channel}` };
}

export function messageRef(channel: string, message: string): Reference {
  return { $ref: `#/channels/${channel}/messages/${message}` };
}

function sentencesOf({ order, exclusive, once, window, maxSize, onFailure }: RouteEntry): readonly string[] {
  return [
    window
      ? 'Folds the changes of a tumbling window into a state, one by one, and closes the window with it.'
      : [],
    maxSize === undefined ? [] : `Gets changes in groups of up to ${maxSize}.`,
    window || maxSize !== undefined ? [] : 'Gets one change at a time.',
    order === 0 ? [] : `Its place among the routes of a change is ${order}: lower ones run first.`,
    exclusive === undefined ? [] : `Of the group \`${exclusive}\` only the first route that matches runs.`,
    once ? 'A change that it has done is not given to it again.' : [],
    onFailure ? failureSentence(onFailure) : [],
  ].flat();
}

function failureSentence({ action, attempts, sent }: NonNullable<RouteEntry['onFailure']>): string {
  const first = `When ${attempts} ${attempts === 1 ? 'attempt has' : 'attempts have'} failed, the policy is \`${action}\``;
  return `${first}${sent ? ', and the change is sent to a destination' : ''}.`;
}
