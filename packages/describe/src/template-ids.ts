/**
 * A name of letters and digits for each table, as logical ids of templates are. It goes by what `table(…)` was given and not by the
 * real name, so that it is the same in each stage, and not by the order of tables: a mapping with another logical id is another
 * mapping, which begins anew.
 */
export function idsOf(tables: readonly string[]): readonly string[] {
  const taken = new Map<string, string>([['Role', '']]); // which SAM puts behind the name of a function
  for (const table of tables.toSorted()) {
    const words = /[^/]*$/.exec(table)?.[0].match(/[A-Za-z0-9]+|\*/g) ?? ['table'];
    // A logical id has 255 characters at most, and more is put behind it.
    const plain = words.map(capitalised).join('').slice(0, 200);
    let id = plain;
    for (let count = 2; taken.has(id); count += 1) id = `${plain}${count}`;
    taken.set(id, table);
  }
  const ids = new Map(Array.from(taken, ([id, table]) => [table, id]));
  return tables.map((table) => ids.get(table) ?? '');
}

function capitalised(word: string): string {
  return word === '*' ? 'Any' : word.charAt(0).toUpperCase() + word.slice(1);
}
