import type { Router } from '@sluice/core';
import {
  cloudFormation,
  type Infrastructure,
  infrastructure,
  type MappingOptions,
  samEvents,
} from '@sluice/describe';
import { Command, Option } from 'commander';
import type { CommandFile, SharedOptions } from '../command.js';
import { problemsIn, UsageError } from '../errors.js';
import { loadRouter } from '../load-router.js';
import { wholeNumber } from '../options.js';
import { jsonText, yamlText } from '../print.js';
import { outputOption, writeDocument } from '../write-document.js';

interface Options extends MappingOptions {
  readonly format: 'cloudformation' | 'sam' | 'plan';
  readonly output?: string;
}

export const infra: CommandFile<Options> = {
  group: 'Make documents of them',
  define: () =>
    new Command('infra')
      .description(
        "Write what the router needs around its function on Lambda: event source mappings with their filter criteria, the ledger's table, permissions, " +
          'as a part of a template in YAML. What was decided and why is in comments above it.',
      )
      .summary('Write event source mappings, ledger table and permissions as a template.')
      .addOption(
        new Option(
          '--format <format>',
          'a CloudFormation template, one of SAM with the events of a function, or the plan behind them',
        )
          .choices(['cloudformation', 'sam', 'plan'])
          .default('cloudformation'),
      )
      .option('--batch-size <records>', 'the most in an event (default: 100)', wholeNumber(1, 10_000))
      .option(
        '--maximum-batching-window-in-seconds <seconds>',
        'how long records are gathered for an event (default: 1)',
        wholeNumber(0, 300),
      )
      .option(
        '--parallelization-factor <count>',
        'batches of a shard that run at a time (default: 1)',
        wholeNumber(1, 10),
      )
      .option(
        '--maximum-retry-attempts <count>',
        'how often Lambda retries before it discards, -1 for no end (default: 100; -1 with a ledger that has a guard)',
        wholeNumber(-1, 10_000),
      )
      .option(
        '--maximum-record-age-in-seconds <seconds>',
        'beyond which age it discards, -1 for no end (default: none)',
        wholeNumber(-1, 604_800),
      )
      .option('--no-bisect-batch-on-function-error', 'do not halve a batch that ends the process')
      .option(
        '--tumbling-window-in-seconds <seconds>',
        'length of the windows, where there are window routes',
        wholeNumber(1, 900),
      )
      .addOption(
        new Option(
          '--starting-position <position>',
          'where a new mapping begins (default: "TRIM_HORIZON")',
        ).choices(['TRIM_HORIZON', 'LATEST']),
      )
      .option('--no-filter-criteria', 'send every record to the function')
      .option('--max-filters <count>', 'how many filters a mapping may have (default: 5)', wholeNumber(1, 10))
      .option('--metadata', 'let patterns test eventName and userIdentity too; AWS promises only dynamodb')
      .addOption(
        new Option('--destination <type>', 'for what Lambda discards (default: "S3")').choices([
          'S3',
          'SQS',
          'SNS',
          'none',
        ]),
      )
      .addOption(outputOption()),
  examples: [
    [
      'infra --output stream.yaml',
      'a CloudFormation template; the function and the streams are its parameters',
    ],
    [
      'infra --format sam --parallelization-factor 4',
      'the same for SAM; the function lacks what is yours: CodeUri, Handler, Runtime',
    ],
  ],
  async run({ options, world }) {
    const router = await loadRouter({ options, world });
    const plan = planOf(router, mappingOptions(options));
    const document = forms[options.format](plan);
    const comments = plan.notes.map((note) => `# ${note}\n`).join('');
    const text = options.json ? jsonText(document) : comments + yamlText(document);
    await writeDocument(text, options.output, world);
    return 0;
  },
};

function mappingOptions(options: Options & SharedOptions): MappingOptions {
  const { format, output, router, json, verbose, ...rest } = options;
  return rest;
}

/** The router is fine where it stands; what is wrong is what it was given. */
function planOf(router: Router, options: MappingOptions): Infrastructure {
  try {
    return infrastructure(router, options, flagOf);
  } catch (error) {
    const problems = problemsIn(error);
    if (!problems) throw error;
    const title = 'the options do not fit the router or Lambda:';
    throw new UsageError([title, ...problems].join('\n  - '), { cause: error });
  }
}

/** The library's name of an option as the command has it. */
function flagOf(option: string): string {
  return `--${option.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
}

const forms: { readonly [F in Options['format']]: (plan: Infrastructure) => object } = {
  cloudformation: (plan) => cloudFormation(plan),
  sam: (plan) => {
    // SAM names the role of a function so.
    const { Resources, Parameters, ...rest } = cloudFormation(plan, {
      mappings: false,
      role: { Ref: 'FunctionRole' },
    });
    const events = { Type: 'AWS::Serverless::Function', Properties: { Events: samEvents(plan) } };
    return {
      Transform: 'AWS::Serverless-2016-10-31',
      Parameters,
      Resources: { Function: events, ...Resources },
      ...rest,
    };
  },
  plan: (plan) => plan,
};
