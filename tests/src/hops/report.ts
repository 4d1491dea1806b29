/**
 * Prints which functions of ours one more record runs, on each of the ways that `cases.ts` describes: `npm run hops`.
 * `--json` prints the same as JSON. The packages have to be built.
 */
import { type Hop, startCounting } from './measure.js';

/** What one more record costs on one way. */
export interface Hops {
  readonly name: string;
  /** The functions of the way itself, and in how many files they are. */
  readonly functions: number;
  readonly files: number;
  /** What depends on the user's filters and models is counted apart. */
  readonly filters: number;
  readonly decoders: number;
  readonly laneKey: number;
  readonly hops: readonly (Hop & { readonly part: Part })[];
}

type Part = 'way' | 'filter' | 'decoder' | 'lane key';

const hopsOf = await startCounting();
const { cases } = await import('./cases.js');
const reports: Hops[] = [];
for (const [name, deliver] of Object.entries(cases)) reports.push(count(name, await hopsOf(deliver)));
console.log(process.argv.includes('--json') ? JSON.stringify(reports) : printed(reports));

function count(name: string, measured: readonly Hop[]): Hops {
  const hops = measured.map((hop) => ({ ...hop, part: partOf(hop) }));
  const of = (wanted: Part) => hops.filter(({ part }) => part === wanted);
  return {
    name,
    functions: of('way').length,
    files: new Set(of('way').map(({ file }) => file)).size,
    filters: of('filter').length,
    decoders: of('decoder').length,
    laneKey: of('lane key').length,
    hops,
  };
}

function partOf({ file, name }: Hop): Part {
  if (file.startsWith('filters/')) return 'filter';
  if (file === 'core/decode.ts') return 'decoder';
  return file === 'core/event-identity.ts' || name === 'laneKeyOf' ? 'lane key' : 'way';
}

function printed(reports: readonly Hops[]): string {
  const totals = reports.map(
    ({ name, functions, files, filters, decoders, laneKey }, index) =>
      `${column(index + 1)}  ${name.padEnd(40)}${column(functions)} functions in${column(files)} files; ` +
      `apart: filters${column(filters)}, decoders${column(decoders)}, lane key${column(laneKey)}`,
  );
  const key = ({ part, file, line, name }: Hop & { readonly part: Part }) =>
    `${part.padEnd(9)} ${`${file}:${line}`.padEnd(32)} ${name.padEnd(50)}`;
  const rows = [...new Set(reports.flatMap(({ hops }) => hops.map(key)))].sort();
  const calls = rows.map((row) =>
    row.concat(...reports.map(({ hops }) => column(hops.find((hop) => key(hop) === row)?.calls ?? '·'))),
  );
  const head = `${'part'.padEnd(9)} ${'source'.padEnd(32)} ${'function'.padEnd(50)}`;
  const columns = head.concat(...reports.map((_, index) => column(index + 1)));
  return [
    'What one more record runs: the functions of ours whose calls grow when a delivery grows from 1 record to 2',
    '(warm, V8 precise coverage)',
    '',
    ...totals,
    '',
    'Calls that one more record brings:',
    columns,
    ...calls,
  ].join('\n');
}

function column(value: number | string): string {
  return String(value).padStart(4);
}
