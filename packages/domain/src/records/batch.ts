import { createHash } from 'node:crypto';
import type { BatchVersion } from '../versions/versions.js';
import type { RowKeys } from './batch-envelope.js';
import { readEnvelope } from './batch-envelope.js';
import type { Batch } from './column-batch.js';
import { isColumnBatch, readColumnBatch, rowsOfColumns } from './column-batch.js';
import type { Rounding } from './kinds/kind.js';
import type { Row, RowError } from './row.js';
import { checkRow } from './row.js';
import type { RecordDefinition, RowBatchDefinition } from './definition.js';
import type { FeatureBatch } from './feature.js';
import { prepareFeatures } from './feature-batches.js';
import type { PreparedBatch, PreparedRow } from './prepared-batch.js';
import type { RecordBatches, RecordName } from './records.js';
import { records } from './records.js';

/**
 * Checks a batch of any record, and gives its rows the version that was drawn for it.
 * @throws ValidationError when the batch itself is wrong
 */
export function prepareBatch<N extends RecordName>(
  record: N,
  batch: Batch<N>,
  version: BatchVersion,
): PreparedBatch {
  if (!isColumnBatch(batch)) return prepareRowBatch(record, batch as RecordBatches[N], version);
  const definition = records[record];
  const { rows, errors, roundedCount } = rowsOfColumns(definition, readColumnBatch(definition, batch));
  return {
    definition,
    rows: rows.map((row) => ({ row, version: version as bigint })),
    errors,
    roundedCount,
  };
}

/** Checks a batch of rows as {@link prepareBatch} does. A batch of columns is refused. */
export function prepareRowBatch<N extends RecordName>(
  record: N,
  batch: RecordBatches[N],
  version: BatchVersion,
): PreparedBatch {
  const definition: RecordDefinition = records[record];
  if (definition.batch.form === 'sets') return prepareFeatures(batch as readonly FeatureBatch[], version);
  const { rows, labels, rounding, keys } = readEnvelope(definition, batch);
  const shared = { version: version as bigint, labels, rounding, keys };
  const { derivedId } = definition.batch;
  return derivedId
    ? withDerivedIds(prepareRows(definition, rows, { ...shared, defaultId: derivedId.field }), derivedId)
    : prepareRows(definition, rows, shared);
}

type Fields = Readonly<Record<string, unknown>>;

/** Values that the rows of a batch share. */
interface Shared {
  readonly version: bigint;
  /** Fields that the batch gives. A row's own value of such a field is ignored. */
  readonly labels: Fields;
  /** Field that rows may leave out. */
  readonly defaultId?: string;
  readonly rounding: Rounding | undefined;
  readonly keys: RowKeys;
}

/** Checks the rows of a list independently of each other. */
function prepareRows(
  definition: RecordDefinition,
  inputs: readonly unknown[],
  { version, labels, defaultId, rounding, keys }: Shared,
): PreparedBatch {
  const defaults: Fields = defaultId === undefined ? {} : { [defaultId]: NIL_UUID };
  const valueOf = (row: Fields, name: string) =>
    Object.hasOwn(labels, name) ? labels[name] : (row[name] ?? defaults[name]);
  const rows: PreparedRow[] = [];
  const errors: RowError[] = [];
  let roundedCount = 0;
  // A hole in the list counts as a row.
  for (let index = 0; index < inputs.length; index++) {
    const checked = prepareRow(definition, inputs, index, valueOf, keys, rounding);
    if ('error' in checked) errors.push(checked.error);
    else {
      rows.push({ row: checked.row, version });
      if (checked.rounded) roundedCount++;
    }
  }
  return { definition, rows, errors, roundedCount };
}

function prepareRow(
  definition: RecordDefinition,
  inputs: readonly unknown[],
  index: number,
  valueOf: (row: Fields, name: string) => unknown,
  keys: RowKeys,
  rounding: Rounding | undefined,
): ReturnType<typeof checkRow> {
  try {
    const input = inputs[index];
    if (typeof input !== 'object' || input === null) {
      return { error: { index, field: definition.table, reason: 'must be an object' } };
    }
    const mayHaveUnknown = keys.mayHaveUnknown(input);
    const checked = checkRow(definition, index, (name) => valueOf(input as Fields, name), rounding);
    const refusal = mayHaveUnknown || 'error' in checked ? keys.refusal(input) : undefined;
    return refusal === undefined ? checked : { error: { index, ...refusal } };
  } catch {
    return { error: { index, field: definition.table, reason: 'cannot be read' } };
  }
}

/** Stands for a missing id until the other fields of the row are checked. */
const NIL_UUID = '00000000-0000-0000-0000-000000000000';

function withDerivedIds(
  prepared: PreparedBatch,
  { field, from }: NonNullable<RowBatchDefinition['derivedId']>,
): PreparedBatch {
  const rows = prepared.rows.map(({ row, version }) => ({
    version,
    row: row[field] === NIL_UUID ? { ...row, [field]: derivedId(row, from) } : row,
  }));
  return { ...prepared, rows };
}

/** Returns a UUID that depends on the values of these fields only, so that a retry writes the same row. */
function derivedId(row: Row, from: readonly string[]): string {
  const hex = createHash('sha256')
    .update(JSON.stringify(from.map((name) => comparable(row[name]))))
    .digest('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-a${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}

/** Returns a value as JSON that equal canonical values share: a map as its entries in order of name. */
function comparable(value: Row[string] | undefined): unknown {
  if (typeof value === 'bigint') return String(value);
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  return Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
}

/** Returns the month of an instant, counted from the year 0: the partition of its row. */
export function monthOf(instant: number): number {
  const date = new Date(instant);
  return date.getUTCFullYear() * 12 + date.getUTCMonth();
}
