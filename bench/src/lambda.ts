import { mkdirSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { createProcessMemory, createRouter, route, runBatch } from '@sluice/core';
import { lambda as adapter } from '@sluice/lambda';
import { applications, bundled } from '@sluice/tests/applications';
import { startEnvironment } from '@sluice/tests/runtime';
import { difference, type Group, type Measured, ratio, sample, sink, type Task } from './group.js';
import { paidOrders } from './records.js';
import { roundMs } from './settings.js';
import { shop } from './shop.js';
import { threadMs } from './thread-time.js';

const functions = {
  'an empty handler': 'export const handler = async () => ({ batchItemFailures: [] });',
  functions: applications.functions,
  'classes with inversify': applications.classes,
};
type Name = keyof typeof functions;
const names = Object.keys(functions) as Name[];
const batches = ['batches of 10', 'batches of 100', 'batches of 1000'];

/** What stands between Lambda and the router: the time to start, the adapter's share of a record, and bytes. */
export const lambda: Group = {
  title: "Lambda: cold starts under AWS's runtime interface client, the adapter beside the router, bundles",
  tasks: {
    'cold start': coldStarts,
    ...Object.fromEntries(batches.map((name) => [name, besideTheRouter(Number(name.split(' ').at(-1)))])),
    bundle: sizes,
  },
  report: (samples) => {
    const empty = 'cold start: an empty handler';
    const moreMs = (name: Name) => difference(samples, `cold start: ${name}`, empty);
    const kilobytes = (name: Name, form: string) => sample(samples, `bundle: ${name}, ${form}`) / 1000;
    const share = (name: string) => ratio(samples, `${name}: lambda`, `${name}: runBatch`);
    return {
      columns: ['measured', '', '×'],
      rows: [
        ...names.map((name) => [
          `cold start: ${name}`,
          `${sample(samples, `cold start: ${name}`).toFixed(1)} ms`,
          `${moreMs(name).toFixed(1)} ms more`,
          ratio(samples, `cold start: ${name}`, empty).toFixed(2),
        ]),
        ...batches.map((name) => [
          `the adapter beside the router: ${name}`,
          `${sample(samples, `${name}: lambda`).toFixed(2)} µs a record`,
          `${difference(samples, `${name}: lambda`, `${name}: runBatch`).toFixed(2)} µs more`,
          share(name).toFixed(2),
        ]),
        ...names.map((name) => [
          `bundle: ${name}`,
          `${kilobytes(name, 'minified').toFixed(1)} KB`,
          `${kilobytes(name, 'compressed').toFixed(1)} KB compressed`,
          '',
        ]),
      ],
      targets: [
        {
          what: 'Cold start of functions, over an empty handler',
          measured: moreMs('functions'),
          unit: 'ms',
          atMost: 5,
          isAim: true,
        },
        {
          what: 'Cold start of classes with inversify, over an empty handler',
          measured: moreMs('classes with inversify'),
          unit: 'ms',
          atMost: 40,
          isAim: true,
        },
        {
          what: 'The adapter beside the router, batches of 100',
          measured: share('batches of 100'),
          unit: '×',
          atMost: 1.05,
          isAim: true,
        },
        {
          what: 'Bundle of functions, minified',
          measured: kilobytes('functions', 'minified'),
          unit: 'KB',
          atMost: 30,
        },
        {
          what: 'Bundle of classes with inversify, minified',
          measured: kilobytes('classes with inversify', 'minified'),
          unit: 'KB',
          atMost: 140,
        },
      ],
    };
  },
};

/**
 * From the start of a process until its runtime asks for the first invocation. Other work of the machine only ever adds to that, so
 * a round is the fastest of some starts of each, taken in turns.
 */
function coldStarts() {
  let folders: Promise<Readonly<Record<Name, string>>> | undefined;
  return {
    async measured() {
      folders ??= deployed();
      const found = await folders;
      return fastestOf(startsOfRound, names, (name) => startMs(found[name]));
    },
  };
}

const startsOfRound = 5;

async function startMs(folder: string): Promise<number> {
  const environment = await startEnvironment({ folder });
  const invoked = await environment.invoke({ Records: [] });
  await environment.stop();
  if ('error' in invoked) throw new Error(`The function failed: ${JSON.stringify(invoked.error)}`);
  return environment.readyMs[0] ?? Number.NaN;
}

async function deployed(): Promise<Readonly<Record<Name, string>>> {
  const entries = names.map(async (name) => {
    const folder = fileURLToPath(new URL(`../dist/functions/${name.replaceAll(' ', '-')}`, import.meta.url));
    mkdirSync(folder, { recursive: true });
    writeFileSync(`${folder}/index.mjs`, (await bundled(functions[name])).bytes);
    return [name, folder] as const;
  });
  return Object.fromEntries(await Promise.all(entries)) as Record<Name, string>; // of all names
}

/** Both in one isolate, since they are the same code but for the adapter; microseconds a record. */
function besideTheRouter(count: number): Task {
  return () => {
    const { event } = paidOrders(count);
    const [routed, memory] = [router(), createProcessMemory()];
    const handle = adapter(router());
    const context = {
      awsRequestId: 'c6af9ac6-7b61-11e6-9a41-93e8deadbeef',
      xRayTraceId: 'Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1',
      getRemainingTimeInMillis: () => 60_000,
    };
    const runs = {
      runBatch: () => runBatch(routed, event.Records, { memory, budgetMs: 59_000, reserveMs: 1000 }),
      lambda: () => handle(event, context),
    };
    const kinds = Object.keys(runs) as (keyof typeof runs)[];
    const sliceMs = roundMs / slicesOfRound;
    return {
      measured: () =>
        fastestOf(slicesOfRound, kinds, async (kind) => {
          const [begunMs, run] = [threadMs(), runs[kind]];
          let [passedMs, records] = [0, 0];
          while (passedMs < sliceMs) {
            for (let n = 0; n < 1000; n += count) await run();
            records += Math.max(1000, count);
            passedMs = threadMs() - begunMs;
          }
          return (passedMs * 1000) / records;
        }),
    };
  };
}

const slicesOfRound = 5;

function router() {
  const paid = shop.attr('status').from('PENDING').to('PAID');
  const routes = route.modify(shop, { id: 'paid', when: paid }, ({ new: item }) => {
    sink.sum += Number(item['total']) + String(item['status']).length + String(item['customer']).length;
  });
  return createRouter({ routes });
}

/** Measures each of them so many times, in turns. */
async function fastestOf<Kind extends string>(
  times: number,
  kinds: readonly Kind[],
  measure: (kind: Kind) => Promise<number>,
): Promise<Measured> {
  const fastest: Record<string, number> = {};
  for (let n = 0; n < times; n++) {
    for (const kind of kinds) fastest[kind] = Math.min(fastest[kind] ?? Infinity, await measure(kind));
  }
  return fastest;
}

function sizes() {
  const measuring = Promise.all(
    names.map(async (name) => {
      const { bytes } = await bundled(functions[name]);
      const compressed = gzipSync(bytes, { level: 9 });
      return [
        [`${name}, minified`, bytes.length],
        [`${name}, compressed`, compressed.length],
      ] as const;
    }),
  );
  return { measured: async () => Object.fromEntries((await measuring).flat()) };
}
