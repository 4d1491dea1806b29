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

const token = /::|:([A-Za-z_]\w*)(\*?)|[^:]+|:/g;

const parsed = new Map<string, KeyTemplate>();

/** Parses a template, once. Throws a `TypeError` for an empty one, two captures with nothing between them, a repeated name, or a `*` that is not last. */
export function parseKeyTemplate(template: string): KeyTemplate {
  const known = parsed.get(template) ?? parse(template);
  parsed.set(template, known);
  return known;
}

function parse(template: string): KeyTemplate {
  if (template === '') throw invalid(template, 'no key is empty');
  const { prefix, captures } = partsOf(template);
  const pattern = captures.map((capture, index) => patternOf(capture, index, captures.length)).join('');
  return Object.freeze({
    captures: Object.freeze(captures.map(({ name }) => name)),
    pattern: new RegExp(`^${escapeLiteral(prefix)}${pattern}$`),
    prefix,
  });
}

interface Capture {
  readonly name: string;
  readonly rest: boolean;
  /** The literal text between this capture and the next one, or the end. */
  after: string;
}

function partsOf(template: string): { prefix: string; captures: readonly Capture[] } {
  const captures: Capture[] = [];
  let prefix = '';
  for (const [text, name, star] of template.matchAll(token)) {
    const last = captures.at(-1);
    if (last?.rest) throw invalid(template, 'nothing may follow the capture with *');
    if (name === undefined) {
      const literal = text === '::' ? ':' : text;
      if (last) last.after += literal;
      else prefix += literal;
      continue;
    }
    if (last?.after === '') throw invalid(template, `put a separator before :${name}`);
    if (captures.some((earlier) => earlier.name === name))
      throw invalid(template, `:${name} is captured twice`);
    captures.push({ name, rest: star === '*', after: '' });
  }
  return { prefix, captures };
}

/**
 * A capture that a `#` or the end follows has one length that fits. Any other takes the shortest one and, behind a lookahead,
 * never tries another: keys may hold what strangers wrote, and trying all splits takes forever on some of them.
 */
function patternOf({ rest, after }: Capture, index: number, count: number): string {
  const literal = escapeLiteral(after);
  if (rest) return '([^]*)';
  if (index === count - 1 || after.includes('#')) return `([^#]+)${literal}`;
  return `(?=([^#]+?)${literal})(?:\\${index + 1})${literal}`;
}

function escapeLiteral(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&');
}

function invalid(template: string, reason: string): TypeError {
  return new TypeError(
    `The key template "${template}" cannot be used: ${reason}. Example: USER#:userId, or LOG#:path*.`,
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
