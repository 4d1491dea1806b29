#!/usr/bin/env node
// Runs a command and shows what it printed, on standard error, only when it fails:
//
//   node scripts/quietly.mjs turbo run build
import { spawnSync } from 'node:child_process';

const [command, ...args] = process.argv.slice(2);
const { status, output, error } = spawnSync(command, args, {
  encoding: 'utf8',
  maxBuffer: 1 << 28,
  shell: process.platform === 'win32',
});
if (error) throw error;
if (status !== 0) process.stderr.write(output.filter(Boolean).join(''));
process.exitCode = status ?? 1;
