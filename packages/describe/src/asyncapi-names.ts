/**
 * Gives each thing a name of its own that AsyncAPI allows: what is asked for, with `-` for what it does not allow, and a number
 * behind it where it is taken.
 */
export function naming(reserved: readonly string[]): (wanted: string, otherwise: string) => string {
  // A key such as `constructor` means something to careless readers of a document.
  const taken = new Set([...reserved, ...Object.getOwnPropertyNames(Object.prototype)]);
  return (wanted, otherwise) => {
    const allowed = wanted.replace(/[^\w.-]+/g, '-').replace(/^[-.]+|[-.]+$/g, '') || otherwise;
    let name = allowed;
    for (let count = 2; taken.has(name); count++) name = `${allowed}-${count}`;
    taken.add(name);
    return name;
  };
}
