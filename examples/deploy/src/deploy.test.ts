import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { patternMatcher, type StreamRecord } from '@sluice/core';
import { infrastructure, samEvents } from '@sluice/describe';
import { router } from '@sluice/example-orders';
import { createTable } from '@sluice/store/dynamodb';
import { type Engine, lambdaEvent, recordsOf, startEngine } from '@sluice/testing';
import { App } from 'aws-cdk-lib';
import { Match, Template } from 'aws-cdk-lib/assertions';
import { type BuildOptions, build } from 'esbuild';
import { CORE_SCHEMA, defineScalarTag, dump, load } from 'js-yaml';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { OrdersStack } from './cdk.js';

/** A value of a file, whose form the tests hold. */
// biome-ignore lint/suspicious/noExplicitAny: what is parsed has no type.
type Parsed = any;

const room = fileURLToPath(new URL('..', import.meta.url));
const read = (file: string) => readFileSync(join(room, file), 'utf8');
const folder = mkdtempSync(join(tmpdir(), 'sluice-deploy-'));
afterAll(() => rmSync(folder, { recursive: true }));

const intrinsics = CORE_SCHEMA.withTags([
  defineScalarTag('!Ref', { resolve: (name) => ({ Ref: name }), identify: () => false }),
  defineScalarTag('!Sub', { resolve: (text) => ({ 'Fn::Sub': text }), identify: () => false }),
  defineScalarTag('!GetAtt', {
    resolve: (path) => ({ 'Fn::GetAtt': path.split('.') }),
    identify: () => false,
  }),
]);
const sam: Parsed = load(read('template.yaml'), { schema: intrinsics });
const serverless: Parsed = load(read('serverless.yml'), { schema: intrinsics });
const { context } = JSON.parse(read('cdk.json'));
const cdkFolder = join(folder, 'cdk.out');
let cdk: Template;

beforeAll(() => {
  cdk = Template.fromStack(new OrdersStack(new App({ outdir: cdkFolder, context }), 'Orders'));
}, 30_000);

/** The properties of the resource of a type whose logical id, apart from CDK's hash, is this. */
function cdkResource(type: string, id: string): Parsed {
  const found = Object.entries(cdk.findResources(type)).filter(([name]) => name.startsWith(id));
  expect(found.map(([name]) => name)).toHaveLength(1);
  return found[0]?.[1]['Properties'];
}

describe('the event source mapping', () => {
  const stream = { 'Fn::GetAtt': ['Orders', 'StreamArn'] };
  const failures = { 'Fn::GetAtt': ['Failures', 'Arn'] };
  const references = { streams: { orders: stream }, destination: failures };
  const plan = infrastructure(router);
  const planned = plan.mappings[0]?.settings;
  const settings = { ...planned, DestinationConfig: { OnFailure: { Destination: failures } } };
  const mappingOfCdk = (id: string) => {
    const { EventSourceArn, FunctionName, ...mapping } = cdkResource('AWS::Lambda::EventSourceMapping', id);
    expect(EventSourceArn['Fn::GetAtt']).toEqual([expect.stringMatching(/^Orders/), 'StreamArn']);
    const { Destination } = mapping.DestinationConfig.OnFailure;
    Destination['Fn::GetAtt'][0] = Destination['Fn::GetAtt'][0].replace(/[0-9A-F]{8}$/, '');
    return mapping;
  };

  it('has the settings that the routes of examples/orders need, from CDK, SAM and the Serverless Framework', () => {
    const { type, arn, functionResponseType, batchWindow, filterPatterns, ...rest } =
      serverless.functions.mail.events[0].stream;
    const { extensions } = serverless.resources;
    const { FilterCriteria, ...others } = settings;

    expect(mappingOfCdk('MailRouting')).toEqual(settings);
    expect(withPatternsRead(sam.Resources.Mail.Properties.Events)).toEqual(
      withPatternsRead(samEvents(plan, references)),
    );
    expect({
      ...Object.fromEntries(
        Object.entries(rest).map(([name, value]) => [
          name.replace(/^./, (first) => first.toUpperCase()),
          value,
        ]),
      ),
      FunctionResponseTypes: [functionResponseType],
      MaximumBatchingWindowInSeconds: batchWindow,
      ...extensions.MailEventSourceMappingDynamodbOrders.Properties,
    }).toEqual(others);
    expect({ type, arn, filterPatterns }).toEqual({
      type: 'dynamodb',
      arn: stream,
      filterPatterns: '${file(filter-patterns.yml)}',
    });
  });

  it('has the patterns of the routes in the file that the Serverless Framework reads', async () => {
    const patterns = planned?.FilterCriteria?.Filters.map(({ Pattern }) => JSON.parse(Pattern));

    await expect(dump(patterns, { quoteStyle: 'double' })).toMatchFileSnapshot('../filter-patterns.yml');
  });

  it('lets through what the handlers of examples/orders want, and not every record', () => {
    const { Filters } = mappingOfCdk('MailRouting').FilterCriteria;
    const matchers = Filters.map(({ Pattern }: { Pattern: string }) => patternMatcher(Pattern));
    const passes = (record: StreamRecord) =>
      matchers.some((matches: (record: object) => boolean) => matches(record));
    const build = recordsOf({ table: 'orders', keys: { partition: 'pk', sort: 'sk' } });
    const order = { pk: 'CUSTOMER#1', sk: 'ORDER#1', status: 'PENDING', totalCents: 1, carrier: 'swift' };
    const records = [
      build.insert(order),
      build.modify(order, { ...order, status: 'PAID' }),
      build.insert({ pk: 'CUSTOMER#1', sk: 'PROFILE', name: 'Jo' }),
      build.insert({ pk: 'SUPPLIER#1', sk: 'PROFILE' }),
    ];

    expect(records.map(passes)).toEqual([true, true, true, false]);
  });

  /** A pattern as it is meant, however its text is spaced. */
  function withPatternsRead(events: Parsed): Parsed {
    return JSON.parse(JSON.stringify(events), (name, value) =>
      name === 'Pattern' ? JSON.parse(value) : value,
    );
  }

  it('of a function with a ledger never discards', () => {
    expect(mappingOfCdk('InvoicesRouting')).toMatchObject({ MaximumRetryAttempts: -1 });
  });
});

describe('the function', () => {
  it('has the same settings from CDK, SAM and the Serverless Framework', () => {
    const settings = {
      Runtime: 'nodejs24.x',
      Timeout: 60,
      MemorySize: 512,
      LogFormat: 'JSON',
      Tracing: 'Active',
      NODE_OPTIONS: '--enable-source-maps',
    };
    const ofCdk = cdkResource('AWS::Lambda::Function', 'Mail');
    const ofSam = sam.Resources.Mail.Properties;
    const { provider, build } = serverless;
    expect({
      ...pick(ofCdk),
      Tracing: ofCdk.TracingConfig.Mode,
    }).toEqual(settings);
    expect({ ...pick(ofSam), Tracing: ofSam.Tracing }).toEqual(settings);
    expect(provider).toMatchObject({
      runtime: settings.Runtime,
      timeout: settings.Timeout,
      memorySize: settings.MemorySize,
      logs: { lambda: { logFormat: settings.LogFormat } },
      tracing: { lambda: true },
    });
    expect(build.esbuild.sourcemap.setNodeOptions).toBe(true);
  });

  it('may read the stream and write what is discarded, call in its ledger what a store needs, and no more', () => {
    const ofStream = ['DescribeStream', 'GetRecords', 'GetShardIterator', 'ListStreams'];
    const ofLedger = ['GetItem', 'Query', 'PutItem', 'DeleteItem'];
    const traces = ['xray:PutTraceSegments', 'xray:PutTelemetryRecords'];
    const discarded = ['s3:ListBucket', 's3:PutObject'];
    const onDynamoDb = (actions: string[]) => actions.map((action) => `dynamodb:${action}`);

    expect(actionsOf('Mail')).toEqual([...traces, ...onDynamoDb(ofStream), ...discarded]);
    expect(actionsOf('Invoices')).toEqual([
      ...traces,
      ...onDynamoDb([...ofStream, ...ofLedger]),
      ...discarded,
    ]);
    cdk.hasResourceProperties('AWS::IAM::Policy', {
      PolicyDocument: {
        Statement: Match.arrayWith([
          Match.objectLike({
            Action: onDynamoDb(ofLedger),
            Resource: { 'Fn::GetAtt': [Match.stringLikeRegexp('^InvoicesRoutingLedger'), 'Arn'] },
          }),
        ]),
      },
    });
  });

  function actionsOf(role: string): string[] {
    const { PolicyDocument } = cdkResource('AWS::IAM::Policy', role);
    return PolicyDocument.Statement.flatMap(({ Action }: Parsed) => Action);
  }

  function pick({ Runtime, Timeout, MemorySize, LoggingConfig, Environment }: Parsed) {
    const { NODE_OPTIONS } = Environment.Variables;
    return { Runtime, Timeout, MemorySize, LogFormat: LoggingConfig.LogFormat, NODE_OPTIONS };
  }
});

describe('the bundle', () => {
  const orders = recordsOf({ table: 'orders', keys: { partition: 'pk', sort: 'sk' } });
  const order = { pk: 'CUSTOMER#1', sk: 'ORDER#1', status: 'PENDING', totalCents: 100, carrier: 'swift' };
  const event = lambdaEvent([orders.insert(order), orders.modify(order, { ...order, status: 'PAID' })]);
  const ways: [string, () => string | Promise<string>][] = [
    ['the command', commandBundle],
    ['CDK', () => cdkBundle('Mail')],
    ['SAM', samBundle],
    ['the Serverless Framework', serverlessBundle],
  ];

  it.each(ways)('that %s makes runs, and acts on an event', async (_, bundle) => {
    const journal = join(mkdtempSync(join(folder, 'world-')), 'journal.jsonl');
    const { answer } = invoke(await bundle(), { ORDERS_JOURNAL: journal });

    expect(answer).toEqual({ batchItemFailures: [] });
    const effects = readFileSync(journal, 'utf8').trim().split('\n');
    expect(effects.map((line) => JSON.parse(line).handlerId)).toEqual([
      'order-mail.confirmation',
      'order-mail.receipt',
      'warehouse.pack',
    ]);
  });

  const isEmbedded = process.platform === 'linux' && process.arch === 'x64';
  describe.skipIf(!isEmbedded)('with a ledger', () => {
    let engine: Engine;
    beforeAll(async () => {
      engine = await startEngine();
    }, 30_000);
    afterAll(() => engine?.stop());

    it('brings the AWS SDK, and acts once on an event that comes twice', async () => {
      const { region, endpoint, credentials } = engine;
      await createTable({ tableName: 'sluice', region, endpoint, credentials });
      const access = {
        AWS_REGION: region,
        AWS_ENDPOINT_URL_DYNAMODB: endpoint,
        AWS_ACCESS_KEY_ID: credentials.accessKeyId,
        AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
      };
      const twice = [1, 2].map(() => invoke(cdkBundle('Invoices'), access));

      expect(twice.map(({ answer }) => answer)).toEqual(twice.map(() => ({ batchItemFailures: [] })));
      expect(twice.flatMap(({ lines }) => lines)).toEqual(['An invoice for order 1']);
    });
  });

  /** What Lambda does with a bundle, in a process of its own. */
  function invoke(bundle: string, world: Record<string, string>) {
    const main = join(mkdtempSync(join(folder, 'main-')), 'main.mjs');
    writeFileSync(
      main,
      `import { handler } from ${JSON.stringify(pathToFileURL(bundle).href)};
       const answer = await handler(${JSON.stringify(event)}, { getRemainingTimeInMillis: () => 10_000 });
       console.log(JSON.stringify(answer));`,
    );
    const stdout = execFileSync(process.execPath, [main], {
      env: { ...process.env, ...world },
      encoding: 'utf8',
    });
    const lines = stdout.trim().split('\n');
    return { answer: JSON.parse(lines.pop() as string), lines };
  }
});

/** The command of package.json, which the page on deploying shows. */
function commandBundle() {
  const command: string = JSON.parse(read('package.json')).scripts.bundle;
  expect(read('../../docs/deploy-on-lambda.md')).toContain(`\n${command}\n`);
  const outfile = join(folder, 'command', 'index.mjs');
  const [name = '', ...options] = command.replace(/--outfile=\S+/, `--outfile=${outfile}`).split(' ');
  execFileSync(join(room, 'node_modules/.bin', name), [...options, '--log-level=warning'], { cwd: room });
  return outfile;
}

function cdkBundle(id: string): string {
  const { Code, Handler } = cdkResource('AWS::Lambda::Function', id);
  expect(Handler).toBe('index.handler');
  return join(cdkFolder, `asset.${Code.S3Key.replace('.zip', '')}`, 'index.mjs');
}

/** What `sam build` gives to esbuild, with the same names in their other form. */
async function samBundle() {
  const { Metadata, Properties } = sam.Resources.Mail;
  const { EntryPoints, Format, OutExtension, MainFields, Target, Minify, Sourcemap, ...more } =
    Metadata.BuildProperties;
  expect(more).toEqual({});
  await bundled({
    entryPoints: EntryPoints,
    outdir: join(folder, 'sam'),
    format: Format,
    outExtension: Object.fromEntries(OutExtension.map((pair: string) => pair.split('='))),
    mainFields: MainFields.split(','),
    target: Target,
    minify: Minify,
    sourcemap: Sourcemap,
  });
  return join(folder, 'sam', Properties.Handler.replace('.handler', '.mjs'));
}

/** What the Serverless Framework gives to esbuild: an `outfile`, which has the extension. */
async function serverlessBundle() {
  const { outExtension, sourcemap, ...options } = serverless.build.esbuild;
  const file = serverless.functions.mail.handler.replace('.handler', '');
  const outfile = join(folder, 'serverless', `${file}${outExtension['.js']}`);
  await bundled({ ...options, entryPoints: [`${file}.ts`], outfile, sourcemap: sourcemap.type });
  return outfile;
}

function bundled(options: BuildOptions) {
  return build({ absWorkingDir: room, bundle: true, platform: 'node', ...options });
}
