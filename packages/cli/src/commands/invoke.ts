import {
  type BatchCall,
  type Counts,
  type Middleware,
  type Router,
  type StreamRecord,
  tableOf,
  withFields,
} from '@sluice/core';
import { type LambdaResponse, lambda } from '@sluice/lambda';
import { Command } from 'commander';
import type { CommandFile } from '../command.js';
import { type DryRecord, type DryRun, dryRun, type Run } from '../dry-run.js';
import { loadRouter } from '../load-router.js';
import { withoutOtherTables } from '../other-tables.js';
import { counted, printColumns, printJson } from '../print.js';
import { keysText } from '../print-change.js';
import { type GivenRecords, readRecords } from '../read-records.js';
import { streamArnOption } from '../source-options.js';
import type { Output, World } from '../world.js';

interface Options {
  readonly run?: boolean;
  readonly streamArn?: string;
}

export const invoke: CommandFile<Options> = {
  group: 'Try them',
  define: () =>
    new Command('invoke')
      .description(
        'Bring records to the router as one event of Lambda. Without --run nothing is run, no middleware either: it tells which handlers ' +
          'would run for each record, in their order, and why the others would not. What a ledger holds and what a schema says is not asked then. ' +
          'With --run the handlers act for real, on whatever they are connected to. The exit code is 1 where not everything is or would be done.',
      )
      .summary('Bring records to the router: a dry run, or with --run for real.')
      .argument(
        '<records.json>',
        "a stream record, a list of them, lines of JSON, Lambda's event, also of a window, a failure document with its payload, or what get-records printed; - is standard input",
      )
      .option('--run', 'run the handlers, for real')
      .addOption(streamArnOption()),
  examples: [
    ['invoke event.json', 'which handlers would run'],
    ['invoke failed.json --run', 'what Lambda put into S3 once more, for real, and what is still not done'],
    ['invoke page.json --stream-arn arn:aws:dynamodb:…', 'what aws dynamodbstreams get-records printed'],
  ],
  async run({ args: [file = '-'], options, world }) {
    const given = await readRecords(file, options.streamArn, world);
    const router = await loadRouter({ options, world });
    if (options.run) return runForReal(router, given, options.json === true, world);
    const dry = dryRun(router, given);
    if (options.json) printJson(world, { ...dry, records: dry.records.map(asData) });
    else world.stdout.write(`${printDryRun(dry, router, world.stdout)}\n`);
    const isFine = dry.refused === undefined && dry.records.every(({ runs }) => !runs.some(fails));
    return isFine ? 0 : 1;
  },
};

function asData({ record, runs, others }: DryRecord) {
  const { eventName, eventSourceARN, dynamodb } = record;
  const { Keys: keys, SequenceNumber: sequenceNumber } = dynamodb;
  return { eventName, table: tableOf(eventSourceARN), sequenceNumber, keys, runs, others };
}

function fails({ how }: Run): boolean {
  return how === 'fails';
}

function printDryRun({ refused, records, closes = [] }: DryRun, router: Router, out: Output): string {
  const paragraphs = records.map((record) => printDryRecord(record, router, out));
  if (refused !== undefined) {
    return [
      ...paragraphs,
      `${out.style('red', 'As one event they would be refused')}: ${refused}`,
      `${out.style('bold', 'Nothing was run')}, and with --run nothing would be either.`,
    ].join('\n\n');
  }
  const calls = counted(records.flatMap(({ runs }) => runs).length, 'handler call');
  const ends =
    closes.length === 0 ? '' : `, and the window's end to ${counted(closes.length, 'call')} of close`;
  return [
    ...paragraphs,
    ...(closes.length === 0 ? [] : [printCloses(closes, out)]),
    `${out.style('bold', 'Nothing was run.')} ${counted(records.length, 'record')} would come to ${calls}${ends}; --run makes them, for real.`,
  ].join('\n\n');
}

function printDryRecord({ record, runs, others }: DryRecord, router: Router, out: Output): string {
  const left = withoutOtherTables(router, record, others);
  const rows = [
    ...runs.map(({ routeId, how, because }, at) => [`  ${at + 1}.`, routeId, words[how], because]),
    ...left.own.map(({ routeId, verdict, because }) => ['  -', routeId, verdict, because]),
  ];
  const lines = printColumns(rows, (cell, column, row) => {
    const run = runs[row];
    if (!run) return out.style('dim', cell);
    return column === 2 ? out.style(fails(run) ? 'red' : 'green', cell) : cell;
  });
  return [
    titleOf(record, out),
    ...(runs.length === 0 ? [`  ${out.style('yellow', 'no handler would run')}`] : []),
    ...(rows.length === 0 ? [] : [lines]),
    ...left.others.map((text) => `  ${out.style('dim', text)}`),
  ].join('\n');
}

function printCloses(closes: readonly string[], out: Output): string {
  const rows = closes.map((id, at) => [`  ${at + 1}.`, id, 'close']);
  const lines = printColumns(rows, (cell, column) => (column === 2 ? out.style('green', cell) : cell));
  return `${out.style('bold', 'End of the window')}\n${lines}`;
}

const words: Readonly<Record<Run['how'], string>> = {
  alone: 'runs',
  'in a group': 'runs, with its like beside it',
  'in its window': 'is folded into its window',
  fails: 'fails',
};

function titleOf(record: StreamRecord, out: Output): string {
  const { eventName, eventSourceARN, dynamodb } = record;
  const place = out.style('dim', `${tableOf(eventSourceARN)} ${dynamodb.SequenceNumber}`);
  return `${out.style('bold', eventName)}  ${keysText(record)}  ${place}`;
}

async function runForReal(
  router: Router,
  { records, window }: GivenRecords,
  isJson: boolean,
  world: World,
): Promise<0 | 1> {
  const { stderr, stdout } = world;
  const warning = `RUNNING ${counted(records.length, 'record')} through ${router.name ?? 'the router'}: what its handlers do is real, and its ledger keeps it.`;
  stderr.write(`${stderr.style(['bold', 'red'], warning)}\n`);
  const { handle, counts } = counting(router);
  const response = await handle({ Records: records, ...window });
  const redelivered = redeliveredOf(response, records);
  if (isJson) printJson(world, { response, counts: counts(), redelivered: redelivered.map(numberOf) });
  else stdout.write(`${printRun(response, counts(), redelivered, stdout)}\n`);
  return redelivered.length + givenUp(counts()) === 0 ? 0 : 1;
}

/** Of which Lambda sees nothing. */
function givenUp({ parked = 0, dropped = 0 }: Partial<Counts>): number {
  return parked + dropped;
}

/** The function that Lambda would call, and what it counted. */
function counting(router: Router) {
  let counts: Readonly<Counts> | undefined;
  const note: Middleware<BatchCall> = (call, next) => {
    counts = call.counts;
    return next();
  };
  const batchMiddleware = [note, ...router.batchMiddleware];
  // Fields around the default logger, so that Lambda's own does not take its place: that one writes into the answer.
  const logger = withFields(router.logger, {});
  return { handle: lambda({ ...router, batchMiddleware, logger }), counts: () => ({ ...counts }) };
}

/** All from the number on that is in the response, as Lambda has it. */
function redeliveredOf({ batchItemFailures }: LambdaResponse, records: readonly StreamRecord[]) {
  const [first] = batchItemFailures;
  if (!first) return [];
  return records.slice(records.findIndex((record) => numberOf(record) === first.itemIdentifier));
}

function numberOf({ dynamodb }: StreamRecord): string {
  return dynamodb.SequenceNumber;
}

function printRun(
  response: LambdaResponse,
  counts: Partial<Counts>,
  redelivered: readonly StreamRecord[],
  out: Output,
): string {
  const told = Object.entries(counts).filter(([name, count]) => name === 'records' || count > 0);
  return [
    `response: ${JSON.stringify(response)}`,
    `counts: ${told.map(([name, count]) => `${name} ${count}`).join(', ')}`,
    ...outcomeOf(givenUp(counts), redelivered, out),
  ].join('\n');
}

function outcomeOf(lost: number, redelivered: readonly StreamRecord[], out: Output): readonly string[] {
  if (redelivered.length > 0) {
    return [
      out.style('red', `${counted(redelivered.length, 'record')} would be delivered again:`),
      ...redelivered.map((record) => `  ${titleOf(record, out)}`),
    ];
  }
  if (lost === 0) return [out.style('green', 'All is done.')];
  const what = `Not done, and not delivered again, as set aside or given up: ${counted(lost, 'change')}.`;
  return [out.style('red', what)];
}
