import { readFileSync } from 'node:fs';
import { Session } from 'node:inspector/promises';
import { SourceMap } from 'node:module';
import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';
import { setFlagsFromString } from 'node:v8';
import { root } from '../built.js';

/** Delivers so many records, each of an item of its own, and resolves when they are done. */
export type Deliver = (recordCount: number) => Promise<unknown>;

/** A function of ours that one more record runs. */
export interface Hop {
  readonly name: string;
  /** Package and source file: `core/drain.ts`. */
  readonly file: string;
  readonly line: number;
  /** How many calls of it one more record brings. */
  readonly calls: number;
}

const warmUps = 20;

/**
 * Begins to count calls with V8's precise coverage. V8 counts exactly only in what it compiles from then on and does
 * not optimize, so our packages must not have been loaded before, and the process is slow afterwards. The function that comes back gives those functions of the built packages
 * whose call count grows when a delivery grows from 1 record to 2, once everything is warm; in the order of their
 * files.
 */
export async function startCounting(): Promise<(deliver: Deliver) => Promise<readonly Hop[]>> {
  setFlagsFromString('--no-opt');
  setFlagsFromString('--no-maglev');
  const session = new Session();
  session.connect();
  await session.post('Profiler.enable');
  await session.post('Profiler.startPreciseCoverage', { callCount: true, detailed: true });
  return async (deliver) => {
    for (let round = 0; round < warmUps; round++) {
      await deliver(1);
      await deliver(2);
    }
    await takeCalls(session);
    await deliver(1);
    const one = await takeCalls(session);
    await deliver(2);
    const two = await takeCalls(session);
    return two.flatMap((called) => {
      const before = one.find(({ url, offset }) => url === called.url && offset === called.offset);
      const calls = called.calls - (before?.calls ?? 0);
      return calls > 0 ? [{ ...sourceOf(called), calls }] : [];
    });
  };
}

interface Called {
  readonly url: string;
  /** Where the function begins and ends in its file. */
  readonly offset: number;
  readonly end: number;
  readonly name: string;
  readonly calls: number;
}

/** V8's name for setting the fields of a new instance, which is a part of the constructor that it counts as well. */
const fieldsOfClass = '<instance_members_initializer>';

/** The calls of our functions since they were last taken. */
async function takeCalls(session: Session): Promise<readonly Called[]> {
  const { result } = await session.post('Profiler.takePreciseCoverage');
  return result
    .filter(({ url }) => /\/packages\/[^/]+\/dist\//.test(url))
    .flatMap(({ url, functions }) =>
      functions.flatMap(({ functionName: name, ranges: [whole] }) =>
        whole && whole.count > 0 && name !== fieldsOfClass
          ? [{ url, name, offset: whole.startOffset, end: whole.endOffset, calls: whole.count }]
          : [],
      ),
    )
    .sort((a, b) => (a.url === b.url ? a.offset - b.offset : a.url < b.url ? -1 : 1));
}

function sourceOf({ url, offset, end, name }: Called): Pick<Hop, 'name' | 'file' | 'line'> {
  const path = fileURLToPath(url);
  const code = readFileSync(path, 'utf8');
  const linesBefore = code.slice(0, offset).split('\n');
  const map = new SourceMap(JSON.parse(readFileSync(`${path}.map`, 'utf8')));
  const entry = map.findEntry(linesBefore.length - 1, linesBefore.at(-1)?.length ?? 0);
  const line = 'originalLine' in entry ? entry.originalLine + 1 : linesBefore.length;
  const [, packageName] = path.slice(root.length).split('/');
  return {
    name: name || textOf(code.slice(offset, end)),
    file: `${packageName}/${basename(path, '.js')}.ts`,
    line,
  };
}

/** A function without a name shows its beginning. */
function textOf(code: string): string {
  const text = code.replace(/\s+/g, ' ');
  return text.length > 48 ? `${text.slice(0, 47)}…` : text;
}
