import type { RowValues } from './kind-reader.js';
import { valueAt } from './kind-reader.js';

/** Appends an object for each row of a range. */
export type ObjectMaker = (
  objects: object[],
  columns: readonly RowValues[],
  from: number,
  to: number,
) => void;

let compiled = 0;

/**
 * Compiles a function that makes objects with these members, from columns like the given ones. An object literal, with one place in the code for each column, is
 * made several times as fast as an object to which members are added one by one. Where the process forbids to compile strings
 * (`--disallow-code-generation-from-strings`), they are added one by one.
 */
export function compileObjectMaker(names: readonly string[], examples: readonly RowValues[]): ObjectMaker {
  try {
    const columns = names.map((_, i) => `c${i}`);
    const members = names.map((name, i) => {
      const value = ArrayBuffer.isView(examples[i]) ? `c${i}[i]` : `c${i}.at(from + i)`;
      return `${JSON.stringify(name)}: ${value}`;
    });
    return new Function(
      'objects, columns, from, to',
      `// Maker ${++compiled}. Equal texts would share the engine's type feedback.
       const [${columns.join(', ')}] = columns;
       const count = to - from;
       for (let i = 0; i < count; i++) objects.push({ ${members.join(', ')} });`,
    ) as ObjectMaker;
  } catch {
    return (objects, columns, from, to) => {
      for (let row = from; row < to; row++) objects.push(objectOf(names, columns, row, from));
    };
  }
}

/** Makes the object of one row. */
function objectOf(
  names: readonly string[],
  columns: readonly RowValues[],
  row: number,
  from: number,
): object {
  const object: Record<string, unknown> = {};
  for (let i = 0; i < names.length; i++) object[names[i]!] = valueAt(columns[i]!, row, from);
  return object;
}
