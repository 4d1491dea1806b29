import { parentPort, workerData } from 'node:worker_threads';
import { Bench } from 'tinybench';
import type { Group } from './group.js';
import { groups } from './groups.js';
import type { WorkerData } from './rounds.js';
import { roundMs } from './settings.js';
import { threadMs } from './thread-time.js';

const { group, task } = workerData as WorkerData;
const prepared = (groups as Readonly<Record<string, Group>>)[group]?.tasks[task]?.();
if (!prepared) throw new Error(`There is no task "${task}" in the group "${group}".`);
let isWarm = false;

parentPort?.on('message', async () => {
  parentPort?.postMessage(
    typeof prepared === 'function' ? await meanMs(prepared) : await prepared.measured(),
  );
});

async function meanMs(run: () => unknown): Promise<number> {
  const bench = new Bench({
    now: threadMs,
    time: roundMs,
    iterations: 3,
    warmupTime: isWarm ? roundMs / 10 : roundMs,
    warmupIterations: 1,
    throws: true,
  });
  bench.add(task, run);
  await bench.run();
  isWarm = true;
  const result = bench.tasks[0]?.result;
  if (!result || !('latency' in result)) throw new Error(`"${task}" was not measured.`);
  return result.latency.mean;
}
