import type { Router } from '@sluice/core';
import { optionsOf } from './print-routes.js';
import { type RouteEntry, routeList } from './route-list.js';

/**
 * The routes as a Mermaid flowchart: each stream, the filters that its records go through, and the handlers behind them. Routes with the same filter
 * share one.
 */
export function routeDiagram(router: Pick<Router, 'routes' | 'tables'>): string {
  const entries = routeList(router);
  const streams = namesOf('stream', entries, streamKey);
  const filters = namesOf('filter', entries, filterKey);
  return [
    'flowchart LR',
    ...firsts(entries, streamKey).map(
      (entry) => `  ${streams(entry)}[("${label('stream of', entry.table)}")]`,
    ),
    ...firsts(entries, filterKey).flatMap((entry) => [
      `  ${filters(entry)}{{"${filterLabel(entry)}"}}`,
      `  ${streams(entry)} --> ${filters(entry)}`,
    ]),
    ...entries.flatMap((entry, index) => [
      `  handler${index + 1}["${label(entry.id, ...optionsOf(entry))}"]`,
      `  ${filters(entry)} --> handler${index + 1}`,
    ]),
  ].join('\n');
}

function streamKey({ table }: RouteEntry): string {
  return table;
}

function filterKey({ filter }: RouteEntry): string {
  return JSON.stringify(filter);
}

function filterLabel({ entity, events, when }: RouteEntry): string {
  return label(`${events.join('/')}${entity === undefined ? '' : ` of ${entity}`}`, when);
}

/** The first entry with each key. */
function firsts(entries: readonly RouteEntry[], keyOf: (entry: RouteEntry) => string): readonly RouteEntry[] {
  return [...Map.groupBy(entries, keyOf).values()].flatMap(([first]) => first ?? []);
}

/** What each entry's node is called: `filter1` for those with the first key. */
function namesOf(
  kind: string,
  entries: readonly RouteEntry[],
  keyOf: (entry: RouteEntry) => string,
): (entry: RouteEntry) => string {
  const keys = [...new Set(entries.map(keyOf))];
  return (entry) => `${kind}${keys.indexOf(keyOf(entry)) + 1}`;
}

/** Lines of a label. All that could mean something to Mermaid or to HTML is written as the number of its character. */
function label(...lines: readonly string[]): string {
  return lines
    .map((line) => line.replace(/[^\p{L}\p{N} ,.()/_-]/gu, (character) => `#${character.codePointAt(0)};`))
    .join('<br/>');
}
