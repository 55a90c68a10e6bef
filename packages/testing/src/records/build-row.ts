import {
  records,
  type DefinitionOf,
  type Field,
  type FieldKind,
  type InputOf,
  type RecordDefinition,
  type RecordName,
  type RecordRow,
} from '@quantumtrade/dal-domain';

/** Fields that the batch gives to all its rows. */
type Label<N extends RecordName> = DefinitionOf<N>['batch'] extends { labels: infer L } ? keyof L : never;

/** A row of a record as a batch takes it. */
export type RowInput<N extends RecordName> = Omit<InputOf<DefinitionOf<N>>, Label<N>>;

const UUID = '00000000-0000-4000-8000-000000000001';

/** Values of each kind of field that every record accepts, as input and as exact output. */
const VALUES: Readonly<Record<FieldKind, { readonly input: unknown; readonly exact: unknown }>> = {
  symbol: same('AAPL'),
  label: same('test'),
  id: same('id-1'),
  text: same('text'),
  metadata: same({}),
  uuid: same(UUID),
  texts: same([]),
  numbers: same({}),
  instant: { input: 0, exact: new Date(0) },
  decimal: { input: 1, exact: '1' },
  uint8: same(1),
  uint16: same(1),
  uint32: same(1),
  uint64: { input: 1, exact: 1n },
  float32: same(1),
  float64: same(1),
};

/** Builds a row of a record as a batch takes it. Every field has a plain value, such as 1, unless it is given. */
export function buildRow<N extends RecordName>(record: N): RowInput<N>;
export function buildRow<N extends RecordName, const T extends Partial<InputOf<DefinitionOf<N>>>>(
  record: N,
  values: T,
): Omit<RowInput<N>, keyof T> & T;
export function buildRow(record: RecordName, values: object = {}): object {
  const { batch } = records[record] as RecordDefinition;
  const labels = batch.form === 'rows' ? batch.labels : {};
  return build(record, 'input', values, (field) => !(field in labels));
}

/** Builds a row of a record as an exact read returns it. Every field has a plain value, such as '1', unless it is given. */
export function buildOutput<N extends RecordName>(
  record: N,
  values: Partial<RecordRow<N, true>> = {},
): RecordRow<N, true> {
  return build(record, 'exact', values, () => true) as RecordRow<N, true>;
}

function build(
  record: RecordName,
  form: 'input' | 'exact',
  values: object,
  includes: (field: string) => boolean,
): object {
  const fields = Object.entries<Field>((records[record] as RecordDefinition).fields);
  const plain = fields
    .filter(([name]) => includes(name))
    .map(([name, { kind, nullable }]) => [name, nullable ? null : VALUES[kind][form]]);
  return { ...Object.fromEntries(plain), ...values };
}

function same(value: unknown): { readonly input: unknown; readonly exact: unknown } {
  return { input: value, exact: value };
}
