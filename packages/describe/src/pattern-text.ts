import type { Conjunction, Field } from './conjunction.js';

/** How long a pattern may be. Source: https://docs.aws.amazon.com/lambda/latest/api/API_Filter.html */
export const longestPattern = 4096;

/** Where `$or` stands: beside names that are the record's own, as an attribute's name is never beside it. */
export type OrLevel = 'record' | 'dynamodb';

/** One pattern for several conjunctions, of which a record has to pass one; `shared` are the keys of fields that all of them have. */
export function patternText(
  conjunctions: readonly Conjunction[],
  shared: ReadonlySet<string>,
  level: OrLevel,
): string {
  const text = oneText(conjunctions, shared, level);
  // The API takes a pattern on one line (`.*`), and JSON leaves these line breaks as they are.
  return text.replace(
    /[\u0085\u2028\u2029]/g,
    (end) => `\\u${end.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

function oneText(conjunctions: readonly Conjunction[], shared: ReadonlySet<string>, level: OrLevel): string {
  const [first = new Map<string, Field>()] = conjunctions;
  const fields = [...first.values()];
  if (conjunctions.length === 1) return objectText(fields, 0);
  const isShared = ({ key }: Field) => shared.has(key);
  const common = fields.filter(isShared);
  const depth = level === 'record' ? 0 : 1;
  const branches = conjunctions.map((one) => {
    return objectText(
      [...one.values()].filter((each) => !isShared(each)),
      depth,
    );
  });
  const or = `"$or":[${branches.join()}]`;
  if (level === 'record') return joined([...entriesOf(common, 0), or]);
  const inside = common.filter(isOfDynamodb);
  const others = common.filter((one) => !isOfDynamodb(one));
  return joined([...entriesOf(others, 0), `"dynamodb":${joined([...entriesOf(inside, 1), or])}`]);
}

export const isOfDynamodb = ({ path }: Field) => path[0] === 'dynamodb';

function objectText(fields: readonly Field[], depth: number): string {
  return joined(entriesOf(fields, depth));
}

/** By hand, so that a name such as `__proto__` is one like any other, and stays where it is. */
function entriesOf(fields: readonly Field[], depth: number): readonly string[] {
  const byName = Map.groupBy(fields, ({ path }) => path[depth] ?? '');
  return Array.from(byName, ([name, members]) => {
    const [only] = members;
    const isLeaf = only?.path.length === depth + 1;
    return `${JSON.stringify(name)}:${isLeaf ? only.leaves : objectText(members, depth + 1)}`;
  });
}

function joined(entries: readonly string[]): string {
  return `{${entries.join()}}`;
}
