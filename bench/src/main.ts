import { cpus } from 'node:os';
import type { Target } from './group.js';
import { type GroupName, groups } from './groups.js';
import { printTable, printTargets } from './print.js';
import { runGroup } from './rounds.js';

/**
 * Runs the groups of measurements and prints their ratios, with the targets beside them. `npm run bench -- matching` runs one
 * group, and `BENCH_ROUND_MS=50 BENCH_ROUNDS=3` gives a quick look; see docs/performance.md.
 */
const asked = process.argv.slice(2);
const names = (Object.keys(groups) as GroupName[]).filter(
  (name) => asked.length === 0 || asked.includes(name),
);
const targets: Target[] = [];

console.log(`Node ${process.version}, ${cpus()[0]?.model ?? 'unknown processor'}, ${cpus().length} cores\n`);
for (const name of names) {
  const group = groups[name];
  const report = group.report(await runGroup(name, group));
  targets.push(...(report.targets ?? []));
  console.log(`## ${group.title}\n\n${printTable(['', ...report.columns], report.rows)}`);
}
console.log(`## Targets\n\n${printTargets(targets)}`);
