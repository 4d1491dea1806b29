/** What a pattern can test: anything in a record that is no array and no object. */
export type Scalar = string | number | boolean | null;

/** Which element of which array a value is in, innermost and outer ones; arrays are numbered as they come in the record. */
export type Membership = ReadonlyMap<number, number>;

export interface FieldValue {
  readonly value: Scalar;
  readonly elements: Membership;
}

/** The values of a record under their names joined by dots. Arrays add no name, so a name may have several values, or none. */
export function fieldsOf(record: object): ReadonlyMap<string, readonly FieldValue[]> {
  const fields = new Map<string, FieldValue[]>();
  let arrays = 0;
  visit(record, [], new Map());
  return fields;

  function visit(value: unknown, names: readonly string[], elements: Membership): void {
    if (Array.isArray(value)) visitArray(value, names, elements);
    else if (typeof value === 'object' && value !== null) {
      for (const [name, inner] of Object.entries(value)) visit(inner, [...names, name], elements);
    } else if (isScalar(value)) add(names.join('.'), { value, elements });
  }

  /** What is itself a value is in no element: fields beside an array of texts are free of each other. */
  function visitArray(array: readonly unknown[], names: readonly string[], elements: Membership): void {
    const number = arrays;
    arrays += 1;
    for (const [index, inner] of array.entries()) {
      visit(inner, names, isScalar(inner) ? elements : new Map([...elements, [number, index]]));
    }
  }

  function add(name: string, field: FieldValue): void {
    const values = fields.get(name);
    if (values) values.push(field);
    else fields.set(name, [field]);
  }
}

function isScalar(value: unknown): value is Scalar {
  return value === null || ['string', 'number', 'boolean'].includes(typeof value);
}
