import type { Field, RecordDefinition, Row, RowError } from '@quantumtrade/dal-domain';
import { toCanonicalField, formatDecimal, Invalid } from '@quantumtrade/dal-domain';
import fc from 'fast-check';

const fails = () => {
  throw new Error('cannot be read by anybody');
};

type Build = (values: readonly unknown[]) => unknown;

const numbersOf = (values: readonly unknown[]): number[] => values.map(Number);
const wholeOf = (values: readonly unknown[]): bigint[] =>
  numbersOf(values).map((value) => (Number.isFinite(value) ? BigInt(Math.trunc(value)) : 7n));
const arrayLike = (values: readonly unknown[], prototype: object | null = Object.prototype): object =>
  Object.assign(Object.create(prototype) as object, { length: values.length }, { ...values });
const dictionary = (values: readonly unknown[], positions: unknown) => ({
  dictionary: [...values],
  positions,
});
const indices = (values: readonly unknown[]): number[] => values.map((_, i) => i);

/** Shapes of a column that forms rows, valid or not. */
const COLUMN_SHAPES: Readonly<Record<string, Build>> = {
  list: (values) => values,
  'frozen list': (values) => Object.freeze([...values]),
  'list with a hole': (values) =>
    Object.assign([], values.slice(0, 0), { length: values.length }, values.slice(1)),
  'list that ends in undefined': (values) => values.with(-1, undefined),
  'list that ends in null': (values) => values.with(-1, null),
  'proxy of a list': (values) => new Proxy([...values], {}),
  'array-like object': (values) => arrayLike(values),
  'array-like object without a prototype': (values) => arrayLike(values, null),
  'array-like object that inherits': (values) => Object.create(arrayLike(values)) as object,
  'array-like object whose first value cannot be read': (values) =>
    Object.defineProperty(arrayLike(values), '0', { get: fails }),
  'list of texts': (values) => values.map(String),
  'list of bigints': wholeOf,
  'list of symbols': (values) => values.map(() => Symbol('value')),
  'list of objects': (values) => values.map(() => ({ valueOf: () => 1 })),
  'list of unreadable objects': (values) =>
    values.map(() => new Proxy({}, { get: fails, getPrototypeOf: fails, ownKeys: fails })),
  'list of functions': (values) => values.map(() => () => 1),
  'list of NaN': (values) => values.map(() => NaN),
  'list of seconds': (values) => values.map((_, i) => 1_700_000_000 + i),
  'list of dates': (values) => values.map((_, i) => new Date(1_700_000_000 + i)),
  Float64Array: (values) => Float64Array.from(numbersOf(values)),
  Float32Array: (values) => Float32Array.from(numbersOf(values)),
  Int32Array: (values) => Int32Array.from(numbersOf(values)),
  Uint8ClampedArray: (values) => Uint8ClampedArray.from(numbersOf(values)),
  Buffer: (values) => Buffer.from(numbersOf(values)),
  BigInt64Array: (values) => BigInt64Array.from(wholeOf(values)),
  'BigInt64Array of seconds': (values) =>
    BigInt64Array.from(values.map((_, i) => 1_700_000_000n + BigInt(i))),
  'BigInt64Array of the least': (values) => BigInt64Array.from(values.map(() => -(2n ** 63n))),
  BigUint64Array: (values) => BigUint64Array.from(wholeOf(values)),
  dictionary: (values) => dictionary(values, Uint8Array.from(indices(values))),
  'dictionary turned round': (values) => dictionary(values, indices(values).reverse()),
  'dictionary with fractional positions': (values) =>
    dictionary(
      values,
      indices(values).map((i) => i / 2),
    ),
  'dictionary with negative positions': (values) =>
    dictionary(
      values,
      Int8Array.from(indices(values), (i) => i - 1),
    ),
  'dictionary with positions behind its end': (values) =>
    dictionary(
      values,
      indices(values).map((i) => i + 1),
    ),
  'dictionary with texts as positions': (values) => dictionary(values, indices(values).map(String)),
  'dictionary with bigints as positions': (values) =>
    dictionary(values, BigInt64Array.from(indices(values).map(BigInt))),
  'dictionary with positions that cannot be read': (values) =>
    dictionary(values, Object.defineProperty(arrayLike(indices(values)), '0', { get: fails })),
  'dictionary with positions that have no prototype': (values) =>
    dictionary(values, arrayLike(indices(values), null)),
  'dictionary with names of members as positions': (values) =>
    dictionary(
      values,
      values.map(() => 'length'),
    ),
};

/** Shapes that form no column. */
export const NO_COLUMNS: Readonly<Record<string, Build>> = {
  'too short': (values) => values.slice(1),
  'too long': (values) => [...values, ...values],
  'too short typed array': (values) => new Float64Array(values.length - 1),
  'detached typed array': (values) => {
    const detached = new Float64Array(values.length);
    structuredClone(detached.buffer, { transfer: [detached.buffer] });
    return detached;
  },
  DataView: (values) => new DataView(new ArrayBuffer(8 * values.length)),
  ArrayBuffer: (values) => new ArrayBuffer(8 * values.length),
  text: (values) => 'x'.repeat(values.length),
  number: (values) => values.length,
  null: () => null,
  undefined: () => undefined,
  function: () => () => 1,
  set: (values) => new Set(values),
  'length as text': (values) => ({ ...arrayLike(values), length: String(values.length) }),
  'length as a fraction': (values) => ({ ...arrayLike(values), length: values.length + 0.5 }),
  'endless length': (values) => ({ ...arrayLike(values), length: Infinity }),
  'negative length': (values) => ({ ...arrayLike(values), length: -1 }),
  'length that cannot be read': (values) =>
    Object.defineProperty(arrayLike(values), 'length', { get: fails }),
  'proxy of a typed array': (values) => new Proxy(new Float64Array(values.length), {}),
  'dictionary without positions': (values) => ({ dictionary: values }),
  'dictionary that is no list': (values) => ({ dictionary: 'ab', positions: indices(values) }),
  'dictionary with few positions': (values) => dictionary(values, [0]),
};

/** Returns pairs of a field and a column shape. */
export const columnShapes = (
  fields: readonly string[],
): fc.Arbitrary<readonly [field: string, shape: string]> =>
  fc.tuple(fc.constantFrom(...fields), fc.constantFrom(...Object.keys(COLUMN_SHAPES)));

export const buildColumn = (shape: string, values: readonly unknown[]): unknown =>
  COLUMN_SHAPES[shape]!(values);

/** Returns the rows of columns and the errors of the others: values are checked in order, and the first invalid one counts. */
export function rowsByRule(
  { fields }: RecordDefinition,
  columns: Readonly<Record<string, unknown>>,
  constants: Readonly<Record<string, unknown>>,
  rowCount: number,
): { readonly rows: Row[]; readonly errors: RowError[] } {
  const rows: Row[] = [];
  const errors: RowError[] = [];
  for (let index = 0; index < rowCount; index++) {
    const row: Record<string, Row[string]> = {};
    const error = Object.entries(fields).flatMap(([name, field]): RowError[] => {
      const value =
        name in constants ? toCanonicalField(field, constants[name]) : valueOf(columns[name], index, field);
      if (value instanceof Invalid) return [{ index, field: name, reason: value.reason }];
      row[name] = value;
      return [];
    })[0];
    if (error) errors.push(error);
    else rows.push(row);
  }
  return { rows, errors };
}

function valueOf(column: unknown, index: number, field: Field): Row[string] | Invalid {
  try {
    const { dictionary: texts, positions } = column as { dictionary?: unknown[]; positions?: number[] };
    const value = texts ? texts[positions![index]!] : (column as unknown[])[index];
    const isExact = column instanceof BigInt64Array;
    if (isExact && field.kind === 'decimal') return toCanonicalField(field, formatDecimal(value as bigint));
    return toCanonicalField(field, isExact && field.kind === 'instant' ? Number(value) : value);
  } catch {
    return new Invalid('cannot be read');
  }
}
