import type { JsonSchema } from './asyncapi-document.js';
import { setType } from './wire-schema.js';

/** What zod is asked for beside the JSON Schema of what a schema takes: to say no more than that. Other libraries pass over it. */
export const zodOptions = { unrepresentable, override };

/** What is read of a zod schema. */
interface ZodSchema {
  readonly _zod: {
    readonly def: {
      readonly type: string;
      readonly coerce?: boolean;
      readonly valueType?: ZodSchema;
      readonly innerType?: ZodSchema;
      readonly in?: ZodSchema;
      readonly shape?: { readonly [name: string]: ZodSchema };
      readonly pattern?: RegExp;
      readonly checks?: readonly { readonly _zod: { readonly def: Check } }[];
    };
  };
}

interface Check {
  readonly check: string;
  readonly pattern?: RegExp;
}

/** JSON has no type for it: sets and big integers are what DynamoDB has types for, the rest may be anything. */
function unrepresentable({ zodSchema }: { readonly zodSchema: ZodSchema }): JsonSchema | 'any' {
  const { type, valueType } = zodSchema._zod.def;
  if (type === 'bigint') return { type: 'integer' };
  if (type !== 'set' || !valueType || takesAnything(valueType)) return 'any';
  const member = valueType._zod.def.type;
  if (member === 'string') return setOf('SS', 'string');
  return member === 'number' || member === 'bigint' ? setOf('NS', 'number') : 'any';
}

function setOf(name: 'SS' | 'NS', type: string): JsonSchema {
  return { type: 'array', uniqueItems: true, items: { type }, [setType]: name };
}

/** zod says of some schemas what comes out of them, or holds for what it has made of a value; the schema is changed in place. */
function override({ zodSchema, jsonSchema }: { zodSchema: ZodSchema; jsonSchema: Record<string, unknown> }) {
  const { def } = zodSchema._zod;
  const checks = def.checks?.map((one) => one._zod.def) ?? [];
  const rewrites = checks.some(({ check }) => check === 'overwrite');
  // No flag but `u` has a place in JSON Schema.
  const isFlagged = [def, ...checks].some(({ pattern }) => pattern && /[imsv]/.test(pattern.flags));
  const untrue = takesAnything(zodSchema)
    ? Object.keys(jsonSchema).filter((keyword) => !words.includes(keyword))
    : [...(rewrites ? rules : []), ...(isFlagged ? patterns : [])];
  for (const keyword of untrue) delete jsonSchema[keyword];
  const { shape } = def;
  const { required } = jsonSchema;
  if (!shape || !Array.isArray(required)) return;
  jsonSchema['required'] = required.filter((name) => !(shape[name] && mayLack(shape[name])));
}

const words = ['title', 'description', 'deprecated', 'examples'];
const patterns = ['pattern', 'allOf'];
const rules = [...patterns, 'format', 'minLength', 'maxLength', 'minItems', 'maxItems'];

/** What is wrong for it is made right, or a function of the user's looks at the value first. */
function takesAnything(schema: ZodSchema): boolean {
  return schema._zod.def.coerce === true || mayLack(schema);
}

function mayLack({ _zod: { def } }: ZodSchema): boolean {
  if (def.type === 'catch' || def.in?._zod.def.type === 'transform') return true;
  return def.innerType !== undefined && mayLack(def.innerType);
}
