import type { Model } from '@sluice/core';
import { parseKeyTemplate, tableOfModel } from '@sluice/filters';
import type { JsonSchema, Named } from './asyncapi-document.js';
import { letter } from './wire-schema.js';

/** The key attributes of a model's items, in wire form, each with an example; the examples fit together. */
export function keySchemas(model: Model): Named<JsonSchema> {
  const { partition, sort } = tableOfModel(model).keys;
  const templates = model.kind === 'entity' ? model.key : {};
  const samples = sampleCaptures(Object.values(templates));
  const schemas = [partition, ...(sort === undefined ? [] : [sort])].map((name, index) => {
    const template = Object.hasOwn(templates, name) ? templates[name] : undefined;
    return [name, template === undefined ? anyKey(index) : keyOf(template, samples)] as const;
  });
  return Object.fromEntries(schemas);
}

function anyKey(index: number): JsonSchema {
  const text = letter('S', { type: 'string', examples: [String(index + 1)] });
  return { anyOf: [text, letter('N', { type: 'string' }), letter('B', { type: 'string' })] };
}

/** A template without literal text at its beginning takes numbers too. */
function keyOf(template: string, samples: ReadonlyMap<string, string>): JsonSchema {
  const pattern = patternOf(template);
  const example = filledIn(template, (name) => samples.get(name) ?? '');
  const text = letter('S', { type: 'string', description: `\`${template}\``, pattern, examples: [example] });
  const number = letter('N', { type: 'string', pattern });
  return mayBeNumber(parseKeyTemplate(template).prefix) ? { anyOf: [text, number] } : text;
}

function mayBeNumber(prefix: string): boolean {
  return /^-?[\d.eE+-]*$/.test(prefix);
}

/** Numbers, which the literal text between two captures hardly ever begins with; one that two templates have has one value. */
function sampleCaptures(templates: readonly string[]): ReadonlyMap<string, string> {
  const names = new Set(templates.flatMap((template) => parseKeyTemplate(template).captures));
  return new Map([...names].map((name, index) => [name, String(index + 1)]));
}

/**
 * A regular expression that takes what the template takes, of the kind that all languages read: `parseKeyTemplate` has a stricter one,
 * by look-ahead, where a capture ends before other text than `#`.
 */
function patternOf(template: string): string {
  const pieces = piecesOf(template).map((piece) => {
    if (typeof piece === 'string') return piece.replace(/[$()*+.?[\\\]^{|}]/g, '\\$&');
    return piece.rest ? '[\\s\\S]*' : '[^#]+';
  });
  return `^${pieces.join('')}$`;
}

function filledIn(template: string, valueAt: (name: string) => string): string {
  return piecesOf(template)
    .map((piece) => (typeof piece === 'string' ? piece : valueAt(piece.name)))
    .join('');
}

type Piece = string | { readonly name: string; readonly rest: boolean };

/** Literal text and captures, as `parseKeyTemplate` reads them. */
function piecesOf(template: string): readonly Piece[] {
  const parts = template.replaceAll('::', '\0').split(/:([A-Za-z_]\w*)(\*?)/);
  return parts.flatMap<Piece>((part, index) => {
    if (index % 3 === 0) return part === '' ? [] : [part.replaceAll('\0', ':')];
    return index % 3 === 1 ? [{ name: part, rest: parts[index + 1] === '*' }] : [];
  });
}
