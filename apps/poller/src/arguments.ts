import { Command, Option } from 'commander';
import { type Config, readConfig } from './config.js';

/** The command line. Throws `ConfigurationError`; `--help` prints and exits. */
export function readArguments(argv: readonly string[]): Config {
  const command = new Command('sluice-poller')
    .description(
      'Polls DynamoDB Streams and brings every change to the handlers of a router, in order, until SIGTERM.',
    )
    .option('-c, --config <file>', 'JSON file with the settings below, in camel case')
    .option(
      '-r, --router <module[#export]>',
      'built module that exports the router; its export is "router" by default',
    )
    .option('-s, --streams <name...>', 'table names or stream ARNs')
    .option('--region <region>', "AWS Region; the SDK's usual sources by default")
    .option('--endpoint <url>', 'another endpoint than AWS, for a local engine')
    .addOption(
      new Option('--starting-position <position>', 'where a stream without a checkpoint begins').choices([
        'TRIM_HORIZON',
        'LATEST',
      ]),
    )
    .option('--checkpoint-file <file>', 'file that keeps the progress; one process at a time')
    .option(
      '--checkpoint-table <table>',
      'DynamoDB table that keeps the progress instead; createTable of @sluice/store/dynamodb makes it',
    )
    .option('--name <name>', "whose progress it is (default: the router's name)")
    .addOption(
      new Option(
        '--on-gap <action>',
        'what to do about records that were trimmed before they were read',
      ).choices(['halt', 'report']),
    )
    .option(
      '--max-ahead <records>',
      'how many records may pass one that keeps failing (default 1000)',
      Number,
    )
    .option('--health-port <port>', 'port of GET /health, 0 for a free one (default 8080)', Number)
    .addOption(
      new Option('--log-level <level>', 'lowest level that is logged').choices([
        'debug',
        'info',
        'warn',
        'error',
      ]),
    )
    .option(
      '--shutdown-grace-ms <ms>',
      'how long running handlers may take after a signal (default 25000)',
      Number,
    )
    .parse(argv as string[]);
  const { config, ...flags } = command.opts();
  return readConfig(config, flags);
}
