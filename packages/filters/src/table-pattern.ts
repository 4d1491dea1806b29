/** A table as it was described, with its placeholders filled in. */
export interface TablePattern {
  /** What the description came to: a table's name, a table's ARN, or either with `*` in it. */
  readonly text: string;
  /** The table's name, where it is a name alone and no pattern: for an index by name. */
  readonly name: string | undefined;
  /** Whether a stream is of a table that is meant. */
  readonly matches: (streamArn: string) => boolean;
}

/** Why a description means no table, as the rest of a sentence that names the table. */
export interface TablePatternProblem {
  readonly problem: string;
}

/** The environment, as `process.env` is. */
export type Environment = { readonly [name: string]: string | undefined };

/**
 * Reads what `table(…)` was given: a table's name, a table's ARN (that table alone), a pattern of either in which `*` stands
 * for any characters but `:` and `/`, and in all of them `${NAME}` for an environment variable, which may hold any of these.
 */
export function tablePattern(given: string, env: Environment): TablePattern | TablePatternProblem {
  const unset: string[] = [];
  const text = given.replace(/\$\{([A-Za-z_]\w*)\}/g, (_placeholder, name: string) => {
    const value = Object.hasOwn(env, name) ? env[name] : undefined;
    if (!value) unset.push(name);
    return value ?? '';
  });
  if (unset.length > 0) {
    return {
      problem: `table "${given}" needs ${unset.join(' and ')} in the environment, which has no such value`,
    };
  }
  const isArn = text.startsWith('arn:');
  if (!(isArn ? tableArn : tableName).test(text)) return { problem: notATable(given, text) };
  const pattern = isArn ? text.split(':') : ['*', '*', '*', '*', '*', `table/${text}`];
  return {
    text,
    name: isArn || text.includes('*') ? undefined : text,
    matches: (streamArn) => {
      // Beyond the table's name, an ARN may go on with the stream and its label, which has colons in it.
      const table = /^[^/]*\/[^/]+/.exec(streamArn)?.[0].split(':') ?? [];
      return (
        table.length === pattern.length && pattern.every((part, index) => fits(part, table[index] ?? ''))
      );
    },
  };
}

/** Source: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/HowItWorks.NamingRulesDataTypes.html */
const tableName = /^[\w.*-]+$/;
const tableArn = /^arn:[\w*-]+:[\w*-]+:[\w*-]*:[\w*-]*:table\/[\w.*-]+$/;

function notATable(given: string, text: string): string {
  const filledIn = given === text ? '' : `, which comes to "${text}",`;
  return (
    `table "${given}"${filledIn} is no table's name; give a name of letters, digits, _, - and ., the table's ARN (without /stream/…), ` +
    'or a pattern of either with *; environment variables are written ${NAME}'
  );
}

/** Each piece between two `*` is taken at the first place where it stands, so that nothing is ever tried twice. */
function fits(pattern: string, text: string): boolean {
  const [first = '', ...rest] = pattern.split('*');
  const last = rest.pop();
  if (last === undefined) return text === pattern;
  if (!text.startsWith(first)) return false;
  let at = first.length;
  for (const piece of rest) {
    const found = text.indexOf(piece, at);
    if (found < 0) return false;
    at = found + piece.length;
  }
  return text.length - last.length >= at && text.endsWith(last);
}
