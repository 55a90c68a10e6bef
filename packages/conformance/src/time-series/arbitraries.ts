import type { RecordDefinition, RecordName } from '@quantumtrade/dal-domain';
import { recordNames, records } from '@quantumtrade/dal-domain';
import fc from 'fast-check';
import type { Arb } from './field-values.js';
import {
  goodValue,
  HORIZONS,
  IDS,
  instants,
  LABELS,
  labels,
  mostly,
  SYMBOLS,
  symbols,
  value,
} from './field-values.js';

/** Method of an operation that finds all pages by their cursors, and writes one of its batches after each of them. */
export const PAGES = 'all pages';

/** One call of a backend as data, so that a failing run can be replayed. */
export interface Operation {
  port: string;
  method: string;
  args: readonly unknown[];
}

const label: Arb = fc.oneof(
  { weight: 30, arbitrary: labels },
  { weight: 1, arbitrary: fc.constantFrom('', null) },
);

const rounding: Arb = mostly(2, [undefined, 'half-even', 'up']);

const writtenAt: Arb = fc.constantFrom(1_000, 2_000, 3_000, new Date(3_000), undefined);

function rows(definition: RecordDefinition, ofTheBatch: readonly string[]): Arb {
  const fields = Object.entries(definition.fields).filter(([name]) => !ofTheBatch.includes(name));
  const row = fc.record(Object.fromEntries(fields.map(([name, field]) => [name, value(field)])));
  return fc.array(fc.oneof({ weight: 50, arbitrary: row }, { weight: 1, arbitrary: fc.constant(null) }), {
    maxLength: 12,
    size: 'max',
  });
}

const operation = (port: string, method: string, ...args: Arb[]): Arb<Operation> =>
  fc.tuple(...args).map((values) => ({ port, method, args: values }));

const exactness = fc.record({ exact: fc.boolean() });

const absent = (arbitrary: Arb, weight = 3) =>
  fc.oneof({ weight, arbitrary: fc.constant(undefined) }, { weight: 1, arbitrary });

/** Returns optional parameters of a selection and a limit, most of them valid. */
function selectionFields(definition: RecordDefinition): Record<string, Arb> {
  const filters = Object.fromEntries(
    definition.filters.map((name) => [name, goodValue(definition.fields[name]!).map(String)]),
  );
  return {
    ...('symbol' in definition.fields && {
      symbol: absent(symbols),
      symbols: absent(fc.array(symbols, { maxLength: 4 }), 6),
    }),
    startTime: absent(instants),
    endTime: absent(instants),
    limit: absent(fc.nat({ max: 6 })),
    filters: absent(
      fc.oneof(
        ...Object.entries(filters).map(([name, filter]) => fc.record({ [name]: filter })),
        fc.record(filters, { requiredKeys: [] }),
        fc.constant({ nope: 'x' }),
      ),
    ),
  };
}

/** Returns the parameters of a read of rows or columns, or of sets. */
function rowFields(definition: RecordDefinition, hasSelect = true): Record<string, Arb> {
  const names = Object.keys(definition.fields);
  return {
    ...selectionFields(definition),
    ...(hasSelect && { select: absent(fc.subarray(names, { minLength: 1 })) }),
    order: fc.constantFrom(undefined, 'time', 'key'),
    direction: fc.constantFrom(undefined, 'ascending', 'descending'),
  };
}

/** Returns reads of pages, streams and columns. */
function rowReads(record: RecordName): Arb<Operation>[] {
  const definition: RecordDefinition = records[record];
  const isSet = definition.batch.form === 'sets';
  const items = {
    ...rowFields(definition, !isSet),
    ...(!isSet && { instants: fc.constantFrom(undefined, 'date', 'number') }),
  };
  const options = isSet ? fc.constant({}) : exactness;
  const count = fc.constantFrom(undefined, true, false);
  const batchRows = fc.constantFrom(undefined, 1, 2, 5);
  const pages = fc.record({ ...items, count, limit: fc.integer({ min: 1, max: 5 }) });
  const page = fc.record({ ...items, count, cursor: absent(fc.constant('x'), 30) });
  const columns = fc.record({ ...rowFields(definition), batchRows });
  // A limit would let each backend return other rows. Pages say whether it did, and no exact value is refused.
  const anyOrder = {
    order: fc.constant('none'),
    direction: fc.constant(undefined),
    limit: fc.constant(undefined),
  };
  return [
    operation(record, 'find', page, options),
    operation(record, 'find', fc.record({ ...items, ...anyOrder, count }), options),
    operation(
      record,
      'find',
      fc.record({ ...items, ...anyOrder, count, limit: fc.nat({ max: 6 }) }),
      fc.constant(isSet ? {} : { exact: true }),
    ),
    operation(record, PAGES, pages, options),
    operation(record, PAGES, pages, options, fc.array(batches(record), { minLength: 1, maxLength: 3 })),
    operation(record, 'stream', fc.record({ ...items, batchRows }), options),
    operation(record, 'streamColumns', columns, options),
    operation(record, 'columns', fc.record(rowFields(definition)), options),
    operation(record, 'stream', fc.record({ ...items, ...anyOrder, batchRows }), options),
    operation(
      record,
      'streamColumns',
      fc.record({ ...rowFields(definition), ...anyOrder, batchRows }),
      options,
    ),
    operation(record, 'columns', fc.record({ ...rowFields(definition), ...anyOrder }), options),
  ];
}

const INTERVALS = '1s 90s 5m 1h 7h 1d 10d 1w 2w 3000w 1mo 3mo 5mo 1q 1y 7y 100y 0m'.split(' ');

function aggregation(record: RecordName): Arb {
  const definition: RecordDefinition = records[record];
  const { groups, measures, bars } = definition.aggregate!;
  return fc.record({
    ...selectionFields(definition),
    record: fc.constant(record),
    interval: fc.oneof(fc.constant(undefined), fc.constantFrom(...INTERVALS)),
    session: fc.oneof(
      { weight: 8, arbitrary: fc.constant(undefined) },
      { weight: 1, arbitrary: fc.constantFrom('us-futures', 'us-equities', 'nowhere') },
    ),
    groupBy: fc.oneof(fc.constant(undefined), fc.shuffledSubarray([...groups])),
    measure: fc.oneof(fc.constant(undefined), fc.constantFrom(...measures)),
    ...(bars && { sources: fc.constantFrom(undefined, 'combine', 'combine') }),
  });
}

const barSelection: Arb = fc.record(
  Object.fromEntries(
    Object.entries(selectionFields(records.marketData)).filter(([name]) => name !== 'limit'),
  ),
);

const featureBatches: Arb = fc.array(
  fc.record({
    symbol: value({ kind: 'symbol' }),
    timestamp: value({ kind: 'instant' }),
    version: mostly(2, [1, 10, 0, 2, 65_535, -1, undefined]),
    features: fc.dictionary(fc.constantFrom(...LABELS, '__proto__'), value({ kind: 'float64' }), {
      maxKeys: 4,
    }),
    metadata: fc.oneof(
      fc.constant(undefined),
      fc.dictionary(
        fc.constantFrom('unit', '', '__proto__'),
        fc.constantFrom<unknown>('a', '🚀', '"', '\ud800', 'b', 7),
      ),
    ),
    calculationTimeMs: fc.oneof(fc.constant(undefined), value({ kind: 'uint32' })),
    computedAt: writtenAt,
  }),
  { maxLength: 6, size: 'max' },
);

const someSymbol = mostly(3, [...SYMBOLS, '']);
const someId = mostly(5, [...IDS, '']);
const someLimit = mostly(7, [0, 1, 2, 3, 4, 5, 6, -1]);

/** Returns batches of a record. */
function batches(record: RecordName): Arb {
  const definition: RecordDefinition = records[record];
  const { batch, fields } = definition;
  if (batch.form === 'sets') return featureBatches;
  const labels = Object.values(batch.labels).map((member) => [member, label]);
  const hasDecimals = Object.values(fields).some(({ kind }) => kind === 'decimal');
  return fc.record({
    [batch.rows]: rows(definition, Object.keys(batch.labels)),
    ...(Object.fromEntries(labels) as Record<string, Arb>),
    timestamp: writtenAt,
    ...(hasDecimals && { rounding }),
  });
}

/** Returns calls of every read method of a record's repository. */
function recordReads(record: RecordName): Arb<Operation>[] {
  const definition: RecordDefinition = records[record];
  const { fields, latest, identifier, evaluate } = definition;
  const some = (field: string) => (fields[field]!.kind === 'symbol' ? someSymbol : someLabel);
  return [
    ...rowReads(record),
    operation('analytics', 'aggregate', aggregation(record), exactness),
    ...(latest?.returns === 'rows'
      ? [
          operation(record, 'latest', some(latest.by), someLimit, exactness),
          operation(record, 'latestMany', listOf(some(latest.by)), someLimit, exactness),
        ]
      : []),
    ...(latest?.returns === 'row'
      ? [
          operation(record, 'latest', some(latest.by), exactness),
          operation(record, 'latestMany', listOf(some(latest.by)), exactness),
        ]
      : []),
    ...(identifier
      ? [
          operation(record, 'findById', someId, exactness),
          operation(record, 'findByIds', listOf(someId), exactness),
        ]
      : []),
    ...(evaluate ? [operation(record, 'dueForEvaluation', someHorizon, someInstant, dueOptions)] : []),
  ];
}

const listOf = (arbitrary: Arb): Arb => fc.array(arbitrary, { maxLength: 5 });

const someLabel = mostly(3, [...LABELS, '']);
const someHorizon = mostly(4, [...HORIZONS, -1]);
const someInstant = fc.oneof(instants, fc.constant(Date.UTC(2024, 6, 1)));
const dueOptions = fc.record({
  exact: fc.boolean(),
  limit: fc.oneof(fc.constant(undefined), someLimit),
});

const writes: Arb<Operation>[] = [
  ...recordNames.map((record) => operation(record, 'insert', batches(record))),
  operation('checkpoints', 'save', someId, mostly(3, [1, 5_105, Number.MAX_SAFE_INTEGER, -1, 0.5])),
];

const reads: Arb<Operation>[] = [
  ...recordNames.flatMap(recordReads),
  operation('features', 'latest', someSymbol),
  operation('features', 'latestMany', listOf(someSymbol)),
  operation('features', 'latestValue', someSymbol, someLabel),
  operation('checkpoints', 'load', someId),
  operation('analytics', 'lateBars', barSelection),
];

/** Random sequences of writes and reads. */
export const operations: Arb<Operation[]> = fc.array(
  fc.oneof({ weight: 2, arbitrary: fc.oneof(...writes) }, { weight: 3, arbitrary: fc.oneof(...reads) }),
  { minLength: 1, maxLength: 60, size: 'max' },
);

/** Reads of all records, run at the end of a sequence. */
export const finalReads: readonly Operation[] = recordNames.flatMap((record) => [
  { port: record, method: 'find', args: [{}, { exact: true }] },
  {
    port: 'analytics',
    method: 'aggregate',
    args: [
      { record, interval: '1w', ...('bars' in records[record].aggregate && { sources: 'combine' }) },
      { exact: true },
    ],
  },
]);
