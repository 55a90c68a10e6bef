import type { RowValues } from './kind-reader.js';
import { Instants, NullableValues, valueAt } from './kind-reader.js';
import { NativeDictionary } from './nested-columns.js';

/** Appends an object for each row of a range. */
export type ObjectMaker = (
  objects: object[],
  columns: readonly RowValues[],
  from: number,
  to: number,
) => void;

let compiled = 0;

/**
 * Compiles a function that makes objects with these members, from columns like the given ones. An object literal, with one place in the
 * code for each column, is made several times as fast as an object to which members are added one by one. Where the process forbids to
 * compile strings (`--disallow-code-generation-from-strings`), they are added one by one.
 *
 * The compiled code reads plain arrays and makes one shape of objects, of which one is kept: at each full garbage collection, V8 drops
 * optimized code that has seen a class or a shape of which no object is left.
 *
 * Literals with the same names and number of members have one shape, in which V8 keeps what kind of values each member has had: objects in
 * the record's definition, strings in exact rows. The last member is therefore named again, as often as {@link repeatsFor} says. Numbers
 * are then allocated together with their row, in old space if rows outlive collections, and are not copied by them.
 */
export function compileObjectMaker(names: readonly string[], examples: readonly RowValues[]): ObjectMaker {
  let make: (objects: object[], inputs: readonly unknown[], from: number, count: number) => unknown;
  try {
    make = compile(names, examples) as typeof make;
  } catch {
    return (objects, columns, from, to) => {
      for (let row = from; row < to; row++) objects.push(objectOf(names, columns, row, from));
    };
  }
  let kept: unknown;
  return (objects, columns, from, to) => {
    kept = make(objects, columns.flatMap(inputsOf), from, to - from) ?? kept;
  };
}

function compile(names: readonly string[], examples: readonly RowValues[]): unknown {
  let inputs = 0;
  const nextInput = () => `c${inputs++}`;
  const members = examples.map((values, i) => `${JSON.stringify(names[i])}: ${valueCode(values, nextInput)}`);
  const repeated = Array<string>(repeatsFor(examples)).fill(`${JSON.stringify(names.at(-1))}: 0`);
  members.splice(-1, 0, ...repeated);
  return new Function(
    'objects, inputs, from, count',
    `// Maker ${++compiled}. Equal texts would share the engine's type feedback.
     const [${Array.from({ length: inputs }, (_, i) => `c${i}`).join(', ')}] = inputs;
     for (let i = 0; i < count; i++) objects.push({ ${members.join(', ')} });
     return objects[objects.length - 1];`,
  );
}

/** Returns a number for each form of rows. Each repeat takes 8 bytes of a row, so that rows of numbers alone have fewest. */
function repeatsFor(examples: readonly RowValues[]): number {
  const hasNumericInstants = examples.some(isNumericInstant);
  if (examples.some(isFloats)) return hasNumericInstants ? 1 : 2;
  return hasNumericInstants ? 3 : 0;
}

const isFloats = (values: RowValues): boolean =>
  values instanceof NullableValues
    ? isFloats(values.values)
    : values instanceof Float64Array || values instanceof Float32Array;

const isNumericInstant = (values: RowValues): boolean =>
  values instanceof NullableValues
    ? isNumericInstant(values.values)
    : values instanceof Instants && values.form === 'number';

/** Returns what the code of {@link valueCode} reads, in its order: plain arrays for the columns that most records have. */
function inputsOf(values: RowValues): readonly unknown[] {
  if (values instanceof Instants) return [values.milliseconds];
  if (values instanceof NativeDictionary) return [values.positions, values.dictionary];
  if (values instanceof NullableValues) return [values.absent, ...inputsOf(values.values)];
  return [values];
}

/** Returns the code of the value of row `from + i`. */
function valueCode(values: RowValues, nextInput: () => string): string {
  if (ArrayBuffer.isView(values)) return `${nextInput()}[i]`;
  if (values instanceof Instants) {
    return values.form === 'number' ? `${nextInput()}[i]` : `new Date(${nextInput()}[i])`;
  }
  if (values instanceof NativeDictionary) {
    const positions = nextInput();
    return `${nextInput()}[${positions}[from + i]]`;
  }
  if (values instanceof NullableValues) {
    return `${nextInput()}[from + i] ? null : ${valueCode(values.values, nextInput)}`;
  }
  return `${nextInput()}.at(from + i)`;
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
