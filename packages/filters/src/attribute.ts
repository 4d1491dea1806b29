import { type Literal, toWire } from './attribute-value.js';
import type { Filter, Operand } from './filter.js';
import { parsePath } from './path.js';

/** "The attribute is not there", for `is`, `from` and `to`. `null` is another thing: a stored value of type NULL. */
export const absent: unique symbol = Symbol.for('sluice.absent');

/** Filters over one attribute. `V` is the attribute's type in the schema's input, `unknown` without a schema. */
export interface Attribute<V = unknown> {
  /** The subject image (the new one; of a REMOVE the old one) has one of these values. */
  is(...values: OneOrMore<V>): Filter;
  /** The value differs between the images; to appear and to disappear are changes. */
  changed(): Filter;
  /** The value was one of these and changed. `from('PENDING').to('PAID')` names both ends. */
  from(...values: OneOrMore<V>): From<V>;
  /** The value changed and is now one of these. */
  to(...values: OneOrMore<V>): Filter;
  /** The attribute is there and was not before. On INSERT: it is there. */
  appeared(): Filter;
  /** The attribute was there and is no more. On REMOVE: it was there. */
  disappeared(): Filter;
}

export type From<V> = Filter & { to(...values: OneOrMore<V>): Filter };

type OneOrMore<V> = readonly [Comparable<V>, ...Comparable<V>[]];

/** What an attribute of type `V` can be compared with: its own plain values, and `absent`. */
export type Comparable<V> = typeof absent | (unknown extends V ? Literal : PlainOf<V>);

type PlainOf<V> = V extends number ? V | bigint : V extends Literal ? V : never;

export function attributeAt<V>(path: string): Attribute<V> {
  const segments = parsePath(path);
  const changed = (before?: readonly Operand[], after?: readonly Operand[]): Filter =>
    Object.freeze({ kind: 'changed', path: segments, before, after });
  return {
    is: (...values) => Object.freeze({ kind: 'is', path: segments, values: operands(values) }),
    changed: () => changed(),
    from: (...values) => {
      const before = operands(values);
      const node = { kind: 'changed', path: segments, before, after: undefined } as const;
      // Not enumerable: the node stays plain data for everyone who reads, compares or prints it.
      const to: From<V>['to'] = (...after) => changed(before, operands(after));
      return Object.freeze(Object.defineProperty(node, 'to', { value: to })) as From<V>;
    },
    to: (...values) => changed(undefined, operands(values)),
    appeared: () => Object.freeze({ kind: 'appeared', path: segments }),
    disappeared: () => Object.freeze({ kind: 'disappeared', path: segments }),
  };
}

function operands(values: readonly unknown[]): readonly Operand[] {
  return Object.freeze(
    values.map((value) => (value === absent ? 'absent' : Object.freeze(toWire(value as Literal)))),
  );
}
