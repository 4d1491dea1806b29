/**
 * Key templates: `USER#:userId`. `:name` captures one or more characters except `#`, up to the first place where what
 * follows it in the template can stand; `:name*` captures the rest, which may be empty, and ends the template. A name
 * begins with a letter or `_`. `::` is a literal colon.
 */
export interface KeyTemplate {
  readonly captures: readonly string[];
  /** Matches a key value whole; one group a capture, in order. */
  readonly pattern: RegExp;
  /** What every matching key starts with. */
  readonly prefix: string;
}

const parsed = new Map<string, KeyTemplate>();

/** Parses a template, once. Throws a `TypeError` for an empty one, two captures with nothing between them, a repeated name, or a `*` that is not last. */
export function parseKeyTemplate(template: string): KeyTemplate {
  const known = parsed.get(template) ?? parse(template);
  parsed.set(template, known);
  return known;
}

/**
 * A capture that a `#` or the end follows has one length that fits. Any other takes the shortest one and, behind a lookahead,
 * never tries another: keys may hold what strangers wrote, and trying all splits takes forever on some of them.
 */
function parse(template: string): KeyTemplate {
  if (template === '') throw invalid(template, 'no key is empty');
  const [prefix = '', ...parts] = template
    .replaceAll('::', '\0')
    .split(/:([A-Za-z_]\w*)(\*?)/)
    .map((part) => part.replaceAll('\0', ':'));
  const captures: string[] = [];
  let pattern = escaped(prefix);
  for (let at = 0; at < parts.length; at += 3) {
    const [name = '', star, after = '', next] = parts.slice(at);
    if (captures.includes(name)) throw invalid(template, `:${name} is captured twice`);
    if (star && (after || next)) throw invalid(template, 'nothing may follow the capture with *');
    if (next && !after) throw invalid(template, `put a separator before :${next}`);
    captures.push(name);
    if (star) pattern += '([^]*)';
    else if (!next || after.includes('#')) pattern += `([^#]+)${escaped(after)}`;
    else pattern += `(?=([^#]+?)${escaped(after)})(?:\\${captures.length})${escaped(after)}`;
  }
  return Object.freeze({
    captures: Object.freeze(captures),
    pattern: new RegExp(`^${pattern}$`),
    prefix,
  });
}

function escaped(text: string): string {
  return text.replace(/\W/g, '\\$&');
}

function invalid(template: string, reason: string): TypeError {
  return new TypeError(
    `The key template "${template}" cannot be used: ${reason}. Example: USER#:userId, LOG#:path*.`,
  );
}

/** The names that a template captures, as a type: `'USER#:userId'` gives `'userId'`. */
export type Captures<Template extends string> = string extends Template
  ? string
  : Template extends `${string}::${infer Rest}`
    ? CapturesBefore<Template> | Captures<Rest>
    : CapturesIn<Template>;

type CapturesBefore<Template extends string> = Template extends `${infer Before}::${string}`
  ? CapturesIn<Before>
  : never;

type CapturesIn<Template extends string> = Template extends `${string}:${infer After}`
  ? NameAtStart<After> | CapturesIn<After>
  : never;

/** The identifier that a text begins with, `never` when it does not begin with a letter or `_`. */
type NameAtStart<Text extends string> = Text extends `${infer First}${infer Rest}`
  ? First extends Letter
    ? `${First}${NameRest<Rest>}`
    : never
  : never;

type NameRest<Text extends string, Name extends string = ''> = Text extends `${infer First}${infer Rest}`
  ? First extends Letter | Digit
    ? NameRest<Rest, `${Name}${First}`>
    : Name
  : Name;

type Digit = '0' | '1' | '2' | '3' | '4' | '5' | '6' | '7' | '8' | '9';
type Lower =
  | 'a'
  | 'b'
  | 'c'
  | 'd'
  | 'e'
  | 'f'
  | 'g'
  | 'h'
  | 'i'
  | 'j'
  | 'k'
  | 'l'
  | 'm'
  | 'n'
  | 'o'
  | 'p'
  | 'q'
  | 'r'
  | 's'
  | 't'
  | 'u'
  | 'v'
  | 'w'
  | 'x'
  | 'y'
  | 'z';
type Letter = Lower | Uppercase<Lower> | '_';
