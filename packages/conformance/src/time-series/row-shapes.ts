import fc from 'fast-check';
import type { LooseRow } from './record-cases.js';

/** Error of a refused row; undefined for an accepted one. */
export type Verdict = { readonly field: string; readonly reason: string } | undefined;

/** Properties of a record that the shapes use. */
export interface RowContext {
  readonly table: string;
  /** Fields of a row in the order of the record, without the labels of its batch. */
  readonly fields: readonly string[];
  /** The field that is read first. It may be optional. */
  readonly readFirst: string;
}

/** A shape of an otherwise valid row, with the expected verdict. */
export interface RowShape {
  readonly name: string;
  /** Returns the list item; undefined for a hole. */
  build(row: LooseRow, context: RowContext): { readonly row: unknown } | undefined;
  verdict(context: RowContext): Verdict;
}

const fails = () => {
  throw new Error('cannot be read by anybody');
};

const taken = (name: string, build: (row: LooseRow) => unknown): RowShape => ({
  name,
  build: (row) => ({ row: build(row) }),
  verdict: () => undefined,
});

const refused = (
  name: string,
  build: (row: LooseRow, context: RowContext) => unknown,
  verdict: (context: RowContext) => Verdict,
): RowShape => ({ name, build: (row, context) => ({ row: build(row, context) }), verdict });

const notAnObject = ({ table }: RowContext): Verdict => ({ field: table, reason: 'must be an object' });
const unreadable = ({ table }: RowContext): Verdict => ({ field: table, reason: 'cannot be read' });

/** Returns the row as an instance of a class with an accessor per field. */
function instanceOf(row: LooseRow): object {
  class Instance {
    readonly mine = row;
  }
  for (const name of Object.keys(row)) {
    Object.defineProperty(Instance.prototype, name, {
      get(this: Instance) {
        return this.mine[name];
      },
    });
  }
  return new Instance();
}

const withGetter = (row: LooseRow, name: string, get: () => unknown): object =>
  Object.defineProperty({ ...row }, name, { enumerable: true, configurable: true, get });

const without = (row: LooseRow, name: string): LooseRow =>
  Object.fromEntries(Object.entries(row).filter(([each]) => each !== name));

function revoked(row: LooseRow): object {
  const { proxy, revoke } = Proxy.revocable(row, {});
  revoke();
  return proxy;
}

/** Returns the name with one letter missing, which is the name of no field. */
const typoOf = (name: string): string => `${name.slice(0, -2)}${name.slice(-1)}`;
const meant = (name: string): string => `unknown key, did you mean "${name}"?`;

const ROW_SHAPES: readonly RowShape[] = [
  taken('as it is', (row) => row),
  taken('frozen', (row) => Object.freeze({ ...row })),
  taken('without a prototype', (row) => Object.assign(Object.create(null) as object, row)),
  taken('inherited', (row) => Object.create(row) as object),
  taken('an instance of a class', instanceOf),
  taken('a proxy', (row) => new Proxy(row, {})),
  taken('with properties that are not enumerable', (row) =>
    Object.defineProperties(
      {},
      Object.fromEntries(Object.entries(row).map(([name, value]) => [name, { value }])),
    ),
  ),
  taken('with keys in another order', (row) => Object.fromEntries(Object.entries(row).reverse())),
  taken('with a symbol as a key', (row) => ({ ...row, [Symbol('mine')]: 1 })),
  taken('from JSON', (row) =>
    Object.values(row).some((value) => typeof value === 'bigint') ? row : JSON.parse(JSON.stringify(row)),
  ),
  refused(
    'an instance of a class that fails',
    (row) => new Proxy(instanceOf(row), { get: fails }),
    (context) => ({
      field: context.readFirst,
      reason: 'cannot be read',
    }),
  ),
  refused('a proxy whose keys cannot be listed', (row) => new Proxy(row, { ownKeys: fails }), unreadable),
  refused('a revoked proxy', revoked, unreadable),
  ...[undefined, null, 7, 'row', true, 1n, Symbol('row')].map((value) =>
    refused(`${typeof value} ${String(value)}`, () => value, notAnObject),
  ),
  refused('a function', () => () => 1, notAnObject),
  refused(
    'an array',
    (row) => Object.values(row),
    (context) => ({
      field: context.fields[0]!,
      reason: 'is required',
    }),
  ),
  refused(
    'an empty object',
    () => ({}),
    (context) => ({ field: context.fields[0]!, reason: 'is required' }),
  ),
  refused(
    'with a key of no field',
    (row) => ({ ...row, zzzzzzzz: 1 }),
    (context) => ({
      field: 'zzzzzzzz',
      reason: `unknown key, expected one of ${context.fields.join(', ')}`,
    }),
  ),
  refused(
    'with the key of the version',
    (row) => ({ ...row, writtenAt: 1 }),
    (context) => ({
      field: 'writtenAt',
      reason: `unknown key, expected one of ${context.fields.join(', ')}`,
    }),
  ),
  { name: 'a hole', build: () => undefined, verdict: notAnObject },
];

/** Shapes that depend on one field. */
const FIELD_SHAPES: readonly ((field: string) => RowShape)[] = [
  (field) =>
    refused(
      `whose ${field} cannot be read`,
      (row) => withGetter(row, field, fails),
      () => ({
        field,
        reason: 'cannot be read',
      }),
    ),
  (field) => taken(`whose ${field} is a getter`, (row) => withGetter(row, field, () => row[field])),
  (field) =>
    refused(
      `without ${field}`,
      (row) => without(row, field),
      () => ({ field, reason: 'is required' }),
    ),
  (field) =>
    refused(
      `whose ${field} is undefined`,
      (row) => ({ ...row, [field]: undefined }),
      () => ({
        field,
        reason: 'is required',
      }),
    ),
  (field) =>
    refused(
      `with ${field} mistyped`,
      (row) => ({ ...without(row, field), [typoOf(field)]: row[field] }),
      () => ({ field: typoOf(field), reason: meant(field) }),
    ),
  (field) =>
    refused(
      `with ${field} and a mistyped one`,
      (row) => ({ ...row, [typoOf(field)]: 1 }),
      () => ({
        field: typoOf(field),
        reason: meant(field),
      }),
    ),
];

/** Returns shapes of a row with these required fields. Most are valid, so that accepted rows surround refused ones. */
export function rowShapes(fields: readonly string[]): fc.Arbitrary<RowShape> {
  return fc.oneof(
    { weight: 2, arbitrary: fc.constant(ROW_SHAPES[0]!) },
    { weight: 4, arbitrary: fc.constantFrom(...ROW_SHAPES) },
    {
      weight: 3,
      arbitrary: fc
        .tuple(fc.constantFrom(...fields), fc.constantFrom(...FIELD_SHAPES))
        .map(([field, shape]) => shape(field)),
    },
  );
}

/** Valid shapes of a list of rows. */
export const LIST_SHAPES: Readonly<Record<string, (rows: unknown[]) => unknown>> = {
  'a list': (rows) => rows,
  'a frozen list': (rows) => Object.freeze(rows),
  'a proxy of a list': (rows) => new Proxy(rows, {}),
  'a list of a class': (rows) => {
    class Rows extends Array<unknown> {}
    return Object.setPrototypeOf(rows, Rows.prototype) as unknown;
  },
};

export const BATCH_SHAPES: Readonly<Record<string, (batch: LooseRow) => unknown>> = {
  'an object': (batch) => batch,
  'a frozen object': (batch) => Object.freeze(batch),
  'an object without a prototype': (batch) => Object.assign(Object.create(null) as object, batch),
  'an instance of a class': instanceOf,
  'a proxy': (batch) => new Proxy(batch, {}),
};
