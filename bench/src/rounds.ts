import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import type { Group, Measured, Samples } from './group.js';
import { rounds } from './settings.js';

/** What a task's worker is told, at its start. */
export interface WorkerData {
  readonly group: string;
  readonly task: string;
}

/** Runs the tasks in turns, several rounds of them, so that the machine's bad moments fall on all alike. */
export async function runGroup(name: string, group: Group): Promise<Samples> {
  const tasks = Object.keys(group.tasks);
  const workers = tasks.map((task) => taskWorker({ group: name, task }));
  const samples: Record<string, number[]> = {};
  for (let round = 0; round < rounds; round++) {
    for (const [index, worker] of workers.entries()) {
      for (const [name, one] of numbersOf(tasks[index] ?? '', await nextSample(worker))) {
        samples[name] ??= [];
        samples[name].push(one);
      }
    }
  }
  await Promise.all(workers.map((worker) => worker.terminate()));
  return samples;
}

function numbersOf(task: string, measured: Measured): readonly (readonly [string, number])[] {
  if (typeof measured === 'number') return [[task, measured]];
  return Object.entries(measured).map(([name, one]) => [`${task}: ${name}`, one]);
}

function taskWorker(workerData: WorkerData): Worker {
  return new Worker(new URL('./worker.js', import.meta.url), { workerData });
}

/** Rejects with what the task throws. */
async function nextSample(worker: Worker): Promise<Measured> {
  worker.postMessage('next');
  const [sample] = (await once(worker, 'message')) as [Measured];
  return sample;
}
