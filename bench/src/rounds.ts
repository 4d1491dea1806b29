import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import type { Group, Samples } from './group.js';

const rounds = Number(process.env['BENCH_ROUNDS'] ?? 11);

/** What a task's worker is told, at its start. */
export interface WorkerData {
  readonly group: string;
  readonly task: string;
}

/** Runs the tasks in turns, several rounds of them, so that the machine's bad moments fall on all alike. */
export async function runGroup(name: string, group: Group): Promise<Samples> {
  const tasks = Object.keys(group.tasks);
  const workers = tasks.map((task) => taskWorker({ group: name, task }));
  const samples = tasks.map((): number[] => []);
  for (let round = 0; round < rounds; round++) {
    for (const [index, worker] of workers.entries()) samples[index]?.push(await nextSample(worker));
  }
  await Promise.all(workers.map((worker) => worker.terminate()));
  return Object.fromEntries(tasks.map((task, index) => [task, samples[index] ?? []]));
}

function taskWorker(workerData: WorkerData): Worker {
  return new Worker(new URL('./worker.js', import.meta.url), { workerData });
}

/** Rejects with what the task throws. */
async function nextSample(worker: Worker): Promise<number> {
  worker.postMessage('next');
  const [sample] = (await once(worker, 'message')) as [number];
  return sample;
}
