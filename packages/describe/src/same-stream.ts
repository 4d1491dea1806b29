/**
 * Whether a stream can be of both tables, each of which is a name, an ARN, or a pattern of either in which `*` stands for any
 * characters but `:`. (Nor for `/`, which stands behind `table` alone.)
 */
export function maybeSameStream(one: string, other: string): boolean {
  const [parts, others] = [partsOf(one), partsOf(other)];
  return parts.every((part, index) => canBeSame(part, others[index] ?? ''));
}

/** A table by its name can be anywhere. */
function partsOf(table: string): readonly string[] {
  return table.includes(':') ? table.split(':') : ['*', '*', '*', '*', '*', `table/${table}`];
}

function canBeSame(one: string, other: string): boolean {
  const isPattern = one.includes('*') || other.includes('*');
  return one === other || (isPattern && canMeet(one, other, 0, 0, new Map()));
}

/** Whether some text is meant by what is left of both patterns; what has been found out is kept by both positions. */
function canMeet(
  one: string,
  other: string,
  at: number,
  otherAt: number,
  known: Map<string, boolean>,
): boolean {
  if (at === one.length && otherAt === other.length) return true;
  const key = `${at} ${otherAt}`;
  let found = known.get(key);
  if (found === undefined) {
    const [here, there] = [one[at], other[otherAt]];
    const next = (step: number, otherStep: number) =>
      canMeet(one, other, at + step, otherAt + otherStep, known);
    found =
      (here === '*' && (next(1, 0) || (there !== undefined && next(0, 1)))) ||
      (there === '*' && (next(0, 1) || (here !== undefined && next(1, 0)))) ||
      (here !== undefined && here === there && next(1, 1));
    known.set(key, found);
  }
  return found;
}
