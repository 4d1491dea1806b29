import { type Environment, type TableModel, tableOfModel, tablePattern } from '@sluice/filters';
import type { Route } from './route.js';

/** A table that routes name, and the real ones that it stands for. */
export interface RoutedTable {
  readonly model: TableModel;
  /** A table's name or ARN, or a pattern of either: what `model.name` comes to with its alias and the environment. */
  readonly text: string;
  /** The table's real name, where there is one alone. */
  readonly name: string | undefined;
  readonly matches: (streamArn: string) => boolean;
}

/** Real tables by the names that `table(…)` was given. */
export type TableAliases = { readonly [name: string]: string };

/** The tables of a list of routes, in its order, and what is wrong with their names. */
export function tablesOf(
  routes: readonly Route[],
  aliases: TableAliases,
  env: Environment,
): { readonly tables: readonly RoutedTable[]; readonly problems: readonly string[] } {
  const models = new Map(routes.map(({ model }) => [tableOfModel(model).name, tableOfModel(model)]));
  const problems = Object.keys(aliases).flatMap((name) =>
    models.has(name)
      ? []
      : [
          `tables names "${name}", but no route is of such a table; the routes name ${[...models.keys()].join(', ')}`,
        ],
  );
  const tables: RoutedTable[] = [];
  for (const [name, model] of models) {
    const found = tablePattern(Object.hasOwn(aliases, name) ? (aliases[name] ?? '') : name, env);
    if ('problem' in found) problems.push(found.problem);
    else tables.push({ model, ...found });
  }
  return { tables, problems };
}
