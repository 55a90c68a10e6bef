import type {
  Batch,
  BatchVersion,
  RecordBatches,
  RecordDefinition,
  RecordName,
  RowError,
} from '@quantumtrade/dal-domain';
import {
  isColumnBatch,
  prepareRowBatch,
  readColumnBatch,
  readEnvelope,
  records,
} from '@quantumtrade/dal-domain';
import type { BlockBuilder, BatchAppend } from '../codec/block-builder.js';

/** A batch whose members are read. */
export interface ReadBatch {
  /** Rows that are refused already. The builder refuses none of the others then. */
  readonly errors: readonly RowError[];
  /** Rows that are rounded already. */
  readonly roundedCount: number;
  /** Appends the rows `from` up to `to`, by default all of them. */
  append(builder: BlockBuilder, from?: number, to?: number): BatchAppend;
}

interface ReadRowBatch extends ReadBatch {
  readonly rowCount: number;
}

const NO_ERRORS: readonly RowError[] = [];

/**
 * Reads a batch of rows. Rows are not checked here but while they are encoded, unless the domain makes them from the batch.
 * Throws `ValidationError` when the batch itself is wrong, as the domain does.
 */
export function readRowBatch<N extends RecordName>(
  record: N,
  batch: RecordBatches[N],
  version: BatchVersion,
): ReadRowBatch {
  const definition: RecordDefinition = records[record];
  if (definition.batch.form !== 'rows' || definition.batch.derivedId) {
    const { rows, errors, roundedCount } = prepareRowBatch(record, batch, version);
    return {
      rowCount: rows.length,
      errors,
      roundedCount,
      append: (builder, from, to) => builder.appendCanonicalRows(rows, from, to),
    };
  }
  const { rows, labels, rounding, keys } = readEnvelope(definition, batch);
  const constants = { ...labels, writtenAt: version };
  return {
    rowCount: rows.length,
    errors: NO_ERRORS,
    roundedCount: 0,
    append(builder, from, to) {
      return builder.appendRows(rows, { constants, keys, rounding, from, to });
    },
  };
}

/** Reads a batch of rows or of columns. Throws as {@link readRowBatch} does. */
export function readBatch<N extends RecordName>(
  record: N,
  batch: Batch<N>,
  version: BatchVersion,
): ReadBatch {
  if (!isColumnBatch(batch)) return readRowBatch(record, batch as RecordBatches[N], version);
  const { columns, constants, rounding } = readColumnBatch(records[record], batch);
  return {
    errors: NO_ERRORS,
    roundedCount: 0,
    append: (builder, from, to) =>
      builder.appendColumns(columns, { constants, rounding, version: version as bigint, from, to }),
  };
}
