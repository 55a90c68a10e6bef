import type {
  BatchVersion,
  ColumnBatch,
  RecordBatches,
  RecordDefinition,
  RecordName,
  RowError,
} from '@quantumtrade/dal-domain';
import { checkColumns, formatDecimal, prepareBatch, records, requireObject } from '@quantumtrade/dal-domain';

/** The rows of a batch as an encoder takes them. */
export interface BatchRows {
  readonly rows: readonly unknown[];
  /** What the batch says of all its rows. */
  readonly constants: Readonly<Record<string, unknown>>;
  /** Rows that were refused already; the encoder refuses none of the others then. */
  readonly errors: RowError[];
}

/** Which member of a batch holds its rows, and which members are fields of all of them. */
interface BatchShape {
  readonly list: string;
  readonly labels: Readonly<Record<string, string>>;
}

const SHAPES: Readonly<Partial<Record<RecordName, BatchShape>>> = {
  marketData: { list: 'records', labels: { source: 'source' } },
  sentiment: { list: 'records', labels: { source: 'source' } },
  predictions: {
    list: 'predictions',
    labels: { modelVersion: 'modelVersion', strategyName: 'strategy' },
  },
  outcomes: { list: 'outcomes', labels: {} },
};

/**
 * The rows of a batch, those of most records unchecked: the encoder checks them while it writes them. Throws
 * `ValidationError` when the batch itself is wrong, as the domain does.
 */
export function rowsOfBatch<N extends RecordName>(
  record: N,
  batch: RecordBatches[N],
  version: BatchVersion,
): BatchRows {
  const shape = SHAPES[record];
  return shape ? asGiven(record, shape, batch, version) : prepared(record, batch, version);
}

function asGiven<N extends RecordName>(
  record: N,
  { list, labels }: BatchShape,
  batch: RecordBatches[N],
  version: BatchVersion,
): BatchRows {
  const members: Readonly<Record<string, unknown>> = {
    ...requireObject<object>('batch', batch, `${record}.insert`),
  };
  const rows = members[list];
  const withoutRows = { ...members, [list]: Array.isArray(rows) ? [] : rows };
  prepareBatch(record, withoutRows as unknown as RecordBatches[N], version);
  const constants: Record<string, unknown> = { writtenAt: version };
  for (const [field, member] of Object.entries(labels)) constants[field] = members[member];
  return { rows: rows as unknown[], constants, errors: [] };
}

/** For batches whose rows the domain makes: of a feature set, or with derived ids. */
function prepared<N extends RecordName>(
  record: N,
  batch: RecordBatches[N],
  version: BatchVersion,
): BatchRows {
  const { rows, errors } = prepareBatch(record, batch, version);
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
  };
}

/**
 * The columns of a batch, unchecked but for their number and lengths. Throws `ValidationError` when the batch itself is
 * wrong, as the domain does.
 */
export function columnsOfBatch(
  record: RecordName,
  { columns, constants = {} }: ColumnBatch<RecordName>,
  version: BatchVersion,
): Pick<ColumnBatch<RecordName>, 'columns'> & Pick<BatchRows, 'constants'> {
  const operation = `${record}.insert`;
  // The encoder knows more fields than the record has, which are not for callers to give.
  checkColumns(records[record].fields, columns, constants, operation);
  return { columns, constants: { ...constants, writtenAt: version } };
}
