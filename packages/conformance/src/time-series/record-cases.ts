import type {
  BatchResult,
  CallOptions,
  Field,
  FieldKind,
  Page,
  QueryParams,
  ReadOptions,
  RecordDefinition,
  RecordName,
  TimeSeriesBackend,
} from '@quantumtrade/dal-domain';
import { recordNames, records } from '@quantumtrade/dal-domain';

/** A row as written or as returned. */
export type LooseRow = Readonly<Record<string, unknown>>;

/** The members of a batch besides its rows. */
export type BatchFields = Readonly<Record<string, unknown>>;

/** One record whose batch has rows, described so that one suite can test every record. */
export interface RecordCase {
  readonly definition: RecordDefinition;
  /** The batch's member that holds the rows. */
  readonly list: string;
  /** Labels that the batch gives to all its rows: the batch's member, the record's field and a value. */
  readonly labels: ReadonlyArray<{ readonly member: string; readonly field: string; readonly value: string }>;
  /** Creates a row of a scope without the labels. Rows with different `n` have different keys, in the order of `n`. */
  row(scope: string, timestamp: number, n?: number): LooseRow;
  /** Field that holds the scope. */
  readonly scopeField: string;
  /** Returns the parameters that select exactly the rows of a scope. */
  where(scope: string): QueryParams;
  /** Field that every row must give. */
  readonly required: string;
  /** A field outside the key, and two values of it. */
  readonly correction: { readonly field: string; readonly before: unknown; readonly after: unknown };
  insert(backend: TimeSeriesBackend, batch: BatchFields, options?: CallOptions): Promise<BatchResult>;
  find(
    backend: TimeSeriesBackend,
    params: QueryParams,
    options?: ReadOptions<boolean>,
  ): Promise<Page<LooseRow>>;
}

type Example = (field: Field, n: number, scope: string) => unknown;

const within = (field: Field): number => {
  const { min = 0, max = 1 } = field as { min?: number; max?: number };
  return (min + max) / 2;
};

/** Values of each kind of field, exact in every type that may hold them. */
const EXAMPLES: Readonly<Record<FieldKind, Example>> = {
  symbol: () => 'EXAMPLE',
  label: () => 'bull',
  id: (_, n, scope) => `${scope}-${String(n).padStart(4, '0')}`,
  text: () => 'Profits fall',
  metadata: () => '{"unit":"%"}',
  uuid: (_, n) => `00000000-0000-4000-8000-${String(n).padStart(12, '0')}`,
  texts: () => ['rsi_14', 'sma_20'],
  numbers: () => ({ lookback: 20, threshold: 0.1 }),
  instant: () => Date.UTC(2024, 0, 2),
  decimal: () => 101.25,
  uint8: () => 90,
  uint16: () => 40,
  uint32: () => 60,
  uint64: (_, n) => 1_000n + BigInt(n),
  float32: within,
  float64: (field) => within(field) + 12,
};

/** Second values of the kinds; the first kinds are preferred for corrections. */
const OTHERS: Partial<Readonly<Record<FieldKind, unknown>>> = {
  decimal: 4,
  text: 'Profits fall less',
  float64: 0.25,
  float32: 0.25,
  uint32: 61,
  uint16: 41,
  uint8: 91,
  numbers: {},
  texts: [],
};

/** Values of labels, and round values that keep the figures in the suites simple. */
const CHOSEN: Partial<Readonly<Record<RecordName, Readonly<Record<string, unknown>>>>> = {
  marketData: {
    ...{ source: 'vendor', open: 100.5, high: 102.25, low: 99.75, close: 101, adjustedClose: 100.9 },
    volume: (n: number) => 1_000 + n,
  },
  sentiment: { source: 'newswire', sentimentScore: -0.5, confidence: 0.75 },
  predictions: { modelVersion: 'gbm-7', strategyName: 'momentum', modelLatencyMs: 12 },
  outcomes: { strategyName: 'momentum', profitLoss: -1.25, accuracyScore: 0.875 },
  strategyPerformance: { profitLoss: 1_234.5, sharpeRatio: 1.25, totalTrades: 40 },
};

function recordCase(name: RecordName): RecordCase {
  const definition: RecordDefinition = records[name];
  const { fields, key, batch, latest } = definition;
  if (batch.form !== 'rows') throw new Error(`${name} has no batch of rows`);
  const chosen = CHOSEN[name] ?? {};
  const scopeField = latest?.by ?? ('symbol' in fields ? 'symbol' : key[0]!);
  const isDistinct = key.some((field) => ['id', 'uuid', 'uint64'].includes(fields[field]!.kind));
  const exampleOf = (name: string, n: number, scope: string): unknown => {
    const value = chosen[name];
    if (value === undefined) return EXAMPLES[fields[name]!.kind](fields[name]!, n, scope);
    return typeof value === 'function' ? (value as (n: number) => unknown)(n) : value;
  };
  const own = Object.keys(fields).filter((field) => !(field in batch.labels));
  const [corrected] = (Object.keys(OTHERS) as FieldKind[])
    .flatMap((kind) => own.filter((field) => fields[field]!.kind === kind))
    .filter((field) => !key.includes(field))
    .sort((a, b) => Number(fields[a]!.nullable ?? false) - Number(fields[b]!.nullable ?? false));
  if (corrected === undefined) throw new Error(`${name} has no field outside its key that can be corrected`);
  return {
    definition,
    list: batch.rows,
    labels: Object.entries(batch.labels).map(([field, member]) => ({
      member,
      field,
      value: exampleOf(field, 0, '') as string,
    })),
    row(scope, timestamp, n = 0) {
      const row = Object.fromEntries(own.map((field) => [field, exampleOf(field, n, scope)]));
      return { ...row, [scopeField]: scope, timestamp: isDistinct ? timestamp : timestamp + n };
    },
    scopeField,
    required: fields[corrected]!.nullable ? 'timestamp' : corrected,
    where: (scope) => (scopeField === 'symbol' ? { symbol: scope } : { filters: { [scopeField]: scope } }),
    correction: {
      field: corrected,
      before: exampleOf(corrected, 0, ''),
      after: OTHERS[fields[corrected]!.kind],
    },
    insert: (backend, given, options) =>
      (backend[name].insert as (batch: object, options?: CallOptions) => Promise<BatchResult>)(
        given,
        options,
      ),
    find: (backend, params, options) =>
      (backend[name].find as (...args: unknown[]) => Promise<Page<LooseRow>>)(params, options),
  };
}

/** Every record with a batch of rows. */
export const recordCases: readonly RecordCase[] = recordNames
  .filter((name) => records[name].batch.form === 'rows')
  .map(recordCase);

/** Returns the case of one record. */
export const caseOf = (name: RecordName): RecordCase =>
  recordCases.find(({ definition }) => definition.name === name)!;

/** Creates the batch of these rows with its labels. */
export function batchOfRows(
  { labels, list }: RecordCase,
  rows: readonly unknown[],
  more: BatchFields = {},
): BatchFields {
  return { ...Object.fromEntries(labels.map(({ member, value }) => [member, value])), [list]: rows, ...more };
}

/** Returns a row without a field that every row must give. */
export const incomplete = ({ required }: RecordCase, row: LooseRow): LooseRow => ({
  ...row,
  [required]: undefined,
});

/** Returns a row as `find` returns it, with the batch's labels. */
export function stored({ definition, labels }: RecordCase, row: LooseRow): LooseRow {
  const instants = Object.entries(row).map(([name, value]) =>
    definition.fields[name]?.kind === 'instant' ? [name, new Date(value as number)] : [name, value],
  );
  return {
    ...Object.fromEntries(instants),
    ...Object.fromEntries(labels.map(({ field, value }) => [field, value])),
  };
}
