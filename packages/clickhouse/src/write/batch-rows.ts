import type {
  BatchVersion,
  ReadColumnBatch,
  RecordBatches,
  RecordDefinition,
  RecordName,
  Rounding,
  RowError,
} from '@quantumtrade/dal-domain';
import {
  checkColumns,
  formatDecimal,
  prepareRowBatch,
  readColumnBatch,
  readEnvelope,
  records,
  RowKeys,
} from '@quantumtrade/dal-domain';

/** The rows of a batch as an encoder takes them. */
export interface BatchRows {
  readonly rows: readonly unknown[];
  /** What the batch says of all its rows. */
  readonly constants: Readonly<Record<string, unknown>>;
  /** By which the keys of the rows are to be checked, where the domain has not done so. */
  readonly keys?: RowKeys;
  /** Rows that were refused already; the encoder refuses none of the others then. */
  readonly errors: RowError[];
  /** What the encoder is to allow. */
  readonly rounding?: Rounding | undefined;
  /** Rows that were rounded already. */
  readonly roundedCount: number;
}

/**
 * The rows of a batch, those of most records unchecked: the encoder checks them while it writes them. Throws
 * `ValidationError` when the batch itself is wrong, as the domain does.
 */
export function rowsOfBatch<N extends RecordName>(
  record: N,
  batch: RecordBatches[N],
  version: BatchVersion,
): BatchRows {
  const definition: RecordDefinition = records[record];
  return definition.batch.form === 'rows' && !definition.batch.derivedId
    ? asGiven(definition, batch, version)
    : prepared(record, batch, version);
}

function asGiven(definition: RecordDefinition, batch: unknown, version: BatchVersion): BatchRows {
  const { rows, labels, rounding } = readEnvelope(definition, batch);
  const keys = new RowKeys(definition, labels);
  const constants = { ...labels, writtenAt: version };
  return { rows, constants, keys, errors: [], rounding, roundedCount: 0 };
}

/** For batches whose rows the domain makes: of a feature set, or with derived ids. */
function prepared<N extends RecordName>(
  record: N,
  batch: RecordBatches[N],
  version: BatchVersion,
): BatchRows {
  const { rows, errors, roundedCount } = prepareRowBatch(record, batch, version);
  const definition: RecordDefinition = records[record];
  const decimals = Object.keys(definition.fields).filter(
    (name) => definition.fields[name]!.kind === 'decimal',
  );
  return {
    rows: rows.map(({ row, version: writtenAt }) => {
      const given: Record<string, unknown> = { ...row, writtenAt };
      for (const name of decimals) given[name] = formatDecimal(row[name] as bigint);
      return given;
    }),
    constants: {},
    errors,
    roundedCount,
  };
}

/**
 * The columns of a batch, unchecked but for their number and lengths. Throws `ValidationError` when the batch itself is
 * wrong, as the domain does.
 */
export function columnsOfBatch(
  record: RecordName,
  batch: unknown,
  version: BatchVersion,
): Pick<ReadColumnBatch, 'columns' | 'constants' | 'rounding'> {
  const definition = records[record];
  const { columns, constants, rounding } = readColumnBatch(definition, batch);
  // The encoder knows more fields than the record has, which are not for callers to give.
  checkColumns(definition.fields, columns, constants, `${definition.name}.insert`, rounding);
  return { columns, constants: { ...constants, writtenAt: version }, rounding };
}
