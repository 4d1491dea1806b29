import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { parseSync } from 'rolldown/utils';

/** What a room may import. A name may end in `*`; files of its own go without saying. */
export interface Allowed {
  readonly loads: readonly string[];
  /** Of these it takes types only, so that nothing is loaded. */
  readonly types?: readonly string[];
  /** Packages of ours that its tests may import besides; libraries and Node's modules they take as they need. */
  readonly tests?: readonly string[];
  /** Libraries are its own affair; `loads` speaks of our packages and Node's modules. */
  readonly anyLibrary?: boolean;
}

/** A workspace project as it is on disk. */
export interface Room {
  readonly manifest: Manifest;
  readonly files: readonly SourceFile[];
}

interface Manifest {
  readonly name: string;
  readonly private?: boolean;
  readonly dependencies?: Names;
  readonly devDependencies?: Names;
  readonly optionalDependencies?: Names;
  readonly peerDependencies?: Names;
}

type Names = Readonly<Record<string, string>>;

interface SourceFile {
  /** From the room's folder, as in `src/router.ts`. */
  readonly path: string;
  readonly imports: readonly Import[];
}

interface Import {
  readonly from: string;
  readonly typeOnly: boolean;
}

export function readRoom(folder: string): Room {
  const files = ['src', 'fixtures']
    .filter((part) => existsSync(join(folder, part)))
    .flatMap((part) =>
      readdirSync(join(folder, part), { recursive: true, encoding: 'utf8' }).map((file) => join(part, file)),
    )
    .filter((path) => path.endsWith('.ts'))
    .map((path) => ({ path, imports: importsOf(readFileSync(join(folder, path), 'utf8')) }));
  return { manifest: JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as Manifest, files };
}

/** One line for every import that is not allowed or not declared, and every declared package of ours not allowed. */
export function arrowProblems({ manifest, files }: Room, allowed: Allowed): string[] {
  const inFiles = files.flatMap(({ path, imports }) =>
    imports.flatMap((found) => {
      const problem = importProblem(manifest, allowed, path, found);
      return problem ? [`${manifest.name} ${path} imports ${found.from}: ${problem}`] : [];
    }),
  );
  const { loads, tests = [] } = allowed;
  const inManifest = [
    ...oursAmong({ ...manifest.dependencies, ...manifest.peerDependencies }).filter(
      (name) => !isIn(loads, name),
    ),
    ...oursAmong(manifest.devDependencies).filter((name) => !isIn([...loads, ...tests], name)),
  ];
  return [
    ...inFiles,
    ...inManifest.map((name) => `${manifest.name} package.json depends on ${name}: no arrow leads there`),
  ];
}

function importProblem(
  manifest: Manifest,
  allowed: Allowed,
  path: string,
  { from, typeOnly }: Import,
): string | undefined {
  if (from.startsWith('.')) {
    return normalize(join(dirname(path), from)).startsWith('..')
      ? 'another room is reached by its name'
      : undefined;
  }
  const name = packageOf(from);
  const forTests = isTestCode(path) ? (allowed.tests ?? []) : [];
  const forTypes = typeOnly ? (allowed.types ?? []) : [];
  const isLibrary = !isOurs(name) && !name.startsWith('node:');
  const isFree = isTestCode(path) ? !isOurs(name) : isLibrary && allowed.anyLibrary;
  if (!isFree && !isIn([...allowed.loads, ...forTests, ...forTypes], name)) {
    return isIn(allowed.types ?? [], name) ? 'only `import type` is allowed' : 'no arrow leads there';
  }
  const declared = declaredFor(manifest, path);
  if (name.startsWith('node:') || name === manifest.name || name in declared) return undefined;
  if (typeOnly && `@types/${name}` in declared) return undefined;
  return 'its package.json does not say so';
}

/** What a file can count on being installed: a published file has only what its package brings along. */
function declaredFor(manifest: Manifest, path: string): Names {
  const { dependencies, peerDependencies, optionalDependencies, devDependencies } = manifest;
  const shipped = { ...dependencies, ...peerDependencies, ...optionalDependencies };
  const runner = isTestCode(path) ? { vitest: '' } : {};
  return isTestCode(path) || manifest.private ? { ...shipped, ...devDependencies, ...runner } : shipped;
}

/** Tests, and in a folder `testing` of a room what its tests share. */
function isTestCode(path: string) {
  return /\.test(-d)?\.ts$|^src\/testing\//.test(path);
}

function oursAmong(names: Names = {}) {
  return Object.keys(names).filter(isOurs);
}

function isOurs(name: string) {
  return name.startsWith('@sluice/');
}

function isIn(patterns: readonly string[], name: string) {
  return patterns.some((pattern) =>
    pattern.endsWith('*') ? name.startsWith(pattern.slice(0, -1)) : name === pattern,
  );
}

/** `@scope/name` of `@scope/name/part`. */
function packageOf(from: string) {
  if (from.startsWith('node:')) return from;
  return from.split('/', from.startsWith('@') ? 2 : 1).join('/');
}

/** Every import of a TypeScript file, whatever its form; those of computed names are not seen. */
export function importsOf(text: string): Import[] {
  const { program, errors } = parseSync('file.ts', text);
  if (errors.length > 0) throw new Error(`cannot read the imports of a file: ${errors[0]?.message}`);
  const found: Import[] = [];
  visit(program, (node) => {
    const from = node.source?.type === 'Literal' ? node.source.value : undefined;
    if (typeof from !== 'string') return;
    const specifiers = node.specifiers ?? [];
    const marked = [node.importKind, node.exportKind].includes('type') || node.type === 'TSImportType';
    const allMarked =
      specifiers.length > 0 && specifiers.every((one) => [one.importKind, one.exportKind].includes('type'));
    found.push({ from, typeOnly: marked || allMarked });
  });
  return found;
}

/** The parts of a syntax tree's node that imports are told by. */
interface Node {
  readonly type?: string;
  readonly source?: { readonly type: string; readonly value: unknown } | null;
  readonly importKind?: string;
  readonly exportKind?: string;
  readonly specifiers?: readonly { readonly importKind?: string; readonly exportKind?: string }[];
}

function visit(value: unknown, see: (node: Node) => void): void {
  if (typeof value !== 'object' || value === null) return;
  see(value as Node);
  for (const part of Object.values(value)) visit(part, see);
}
