import {
  type Explanation,
  explain as explainRecord,
  type Router,
  type StreamRecord,
  tableOf,
} from '@sluice/core';
import { Command } from 'commander';
import type { CommandFile } from '../command.js';
import { loadRouter } from '../load-router.js';
import { withoutOtherTables } from '../other-tables.js';
import { printColumns, printJson } from '../print.js';
import { readRecords } from '../read-records.js';
import { streamArnOption } from '../source-options.js';
import type { Output } from '../world.js';

interface Options {
  readonly streamArn?: string;
}

export const explain: CommandFile<Options> = {
  group: 'Read the routes',
  define: () =>
    new Command('explain')
      .description(
        'Tell what records mean to each route: whether it would run, and the test that decides. Nothing is run. The exit code is 1 ' +
          'where a record would be refused or a filter cannot judge it.',
      )
      .summary('Tell what a record means to each route, and which test decides.')
      .argument(
        '<records.json>',
        "a stream record, a list of them, lines of JSON, Lambda's event, a failure document, or what get-records printed; - is standard input",
      )
      .addOption(streamArnOption()),
  examples: [
    ['explain record.json', 'why a route runs for this record, or does not'],
    ['explain - --json < event.json', 'the same as data, for an event of Lambda'],
  ],
  async run({ args: [file = '-'], options, world }) {
    const { records } = await readRecords(file, options.streamArn, world);
    const router = await loadRouter({ options, world });
    const explained = records.map((record) => explainedBy(router, record));
    const printed = explained.map((one, at) => {
      const routes = withoutOtherTables(router, records[at] as StreamRecord, one.routes); // there are as many
      return printExplained(one, routes, world.stdout);
    });
    if (options.json) printJson(world, explained);
    else world.stdout.write(`${printed.join('\n\n') || 'no records'}\n`);
    return explained.some(isProblem) ? 1 : 0;
  },
};

interface Explained {
  readonly eventName: string;
  readonly table: string;
  readonly sequenceNumber: string;
  /** Why its whole batch would fail, where it would. */
  readonly refused?: string;
  readonly routes: readonly Explanation[];
}

function explainedBy(router: Router, record: StreamRecord): Explained {
  const isKnown = router.tables.some(({ matches }) => matches(record.eventSourceARN));
  const table = tableOf(record.eventSourceARN) ?? record.eventSourceARN;
  return {
    eventName: record.eventName,
    table,
    sequenceNumber: record.dynamodb.SequenceNumber,
    ...(!isKnown && router.unknownTable === 'fail' && { refused: `no route names the table ${table}` }),
    routes: explainRecord(router, record),
  };
}

function isProblem({ refused, routes }: Explained): boolean {
  return refused !== undefined || routes.some(({ verdict }) => verdict === 'unjudged');
}

function printExplained(
  { eventName, table, sequenceNumber, refused }: Explained,
  { own, others }: ReturnType<typeof withoutOtherTables>,
  out: Output,
): string {
  const title = out.style('bold', `${eventName} of ${table}, sequence number ${sequenceNumber}`);
  const rows = own.map(({ routeId, verdict, because }) => [`  ${routeId}`, verdict, because]);
  const lines = printColumns(rows, (cell, column, row) => {
    const verdict = own[row]?.verdict;
    return column === 1 && verdict ? out.style(colours[verdict], cell) : cell;
  });
  return [
    title,
    ...(refused === undefined ? [] : [`  ${out.style('red', 'refused')}: ${refused}`]),
    ...(rows.length === 0 ? [] : [lines]),
    ...others.map((text) => `  ${out.style('dim', text)}`),
  ].join('\n');
}

const colours = {
  runs: 'green',
  'no match': 'dim',
  unjudged: 'red',
  excluded: 'yellow',
} as const satisfies Readonly<Record<Explanation['verdict'], string>>;
