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
    const value = (Object.hasOwn(env, name) && env[name]) || '';
    if (value === '') unset.push(name);
    return value;
  });
  if (unset.length > 0) {
    return {
      problem: `table "${given}" needs ${unset.join(' and ')} in the environment`,
    };
  }
  const [isTable, isArn] = tableText.exec(text) ?? [];
  if (!isTable) {
    const filledIn = given === text ? '' : `, which comes to "${text}",`;
    return {
      problem:
        `table "${given}"${filledIn} is no table's name; give a name of letters, digits, _, - and ., an ARN without /stream/…, ` +
        'or a pattern of either with *; environment variables are ${NAME}',
    };
  }
  const streams = streamsOf(isArn ? text : `*:*:*:*:*:table/${text}`);
  return {
    text,
    name: isArn || text.includes('*') ? undefined : text,
    matches: (streamArn) => streams.test(streamArn),
  };
}

/** Source: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/HowItWorks.NamingRulesDataTypes.html */
const tableText = /^(arn:(?:[\w*-]+:){2}(?:[\w*-]*:){2}table\/)?[\w.*-]+$/;

/**
 * The ARNs of tables that fit, alone or with a stream behind. Each piece between two `*` is taken at the first place where it
 * stands: a lookahead tries no other one.
 */
function streamsOf(arn: string): RegExp {
  const [first, ...pieces] = `${arn.replaceAll('.', '\\.')}(?:/|$)`.split('*');
  const found = pieces.map((piece, index) => `(?=([^:/]*?${piece}))\\${index + 1}`);
  return new RegExp(`^${first}${found.join('')}`);
}
