import type { Field, RecordDefinition, RecordName } from '@quantumtrade/dal-domain';
import { MAX_INSTANT, MIN_INSTANT, records, SECONDS } from '@quantumtrade/dal-domain';
import fc from 'fast-check';

/** One call of a backend, as data, so that a failing run can be read and replayed. */
export interface Operation {
  port: string;
  method: string;
  args: readonly unknown[];
}

type Arb<T = unknown> = fc.Arbitrary<T>;

/** Mostly the first few, so that keys meet again; sometimes one of all, among them what engines may disagree about. */
const mostly = <T>(few: number, values: readonly T[]): Arb<T> =>
  fc.oneof(
    { weight: 4, arbitrary: fc.constantFrom(...values.slice(0, few)) },
    { weight: 1, arbitrary: fc.constantFrom(...values) },
  );

const SYMBOLS = ['🚀', '\uff21', 'A', 'a', 'é', 'e\u0301', '日経', '__proto__', "O'N"];
const LABELS = ['ü', 'x', 'X', '𝒜', 'constructor'];
const IDS = ['p1', 'p2', 'P3', 'é4', '\u{1f680}5'];
const UUIDS = ['0', '7', 'f'].map((digit) => `${digit.repeat(8)}-0000-4000-8000-${digit.repeat(12)}`);
const HORIZONS = [0, 1, 60, 129_600, 4_294_967_295];
const BOUNDARIES = [
  '1900-01-01',
  '1969-12-29',
  '1970-01-01',
  '1970-01-05',
  '2000-02-29',
  '2024-01-01',
  '2024-03-10T07:00Z',
  '2024-03-31T01:00Z',
  '2024-11-03T06:00Z',
  '2024-07-01',
  '2299-12-31',
];
const OFFSETS = [0, 1, 999, 1_000, 60_000, 90_000, 3_600_000, 7 * 3_600_000, 86_400_000, 14 * 86_400_000];

const instants: Arb<number> = fc
  .oneof(
    { weight: 4, arbitrary: fc.constantFrom(-1, 0, Date.UTC(2024, 2, 1) - 1, Date.UTC(2024, 2, 1)) },
    {
      weight: 1,
      arbitrary: fc
        .tuple(fc.constantFrom(...BOUNDARIES), fc.constantFrom(...OFFSETS), fc.constantFrom(-1, 1))
        .map(([boundary, offset, sign]) =>
          Math.min(MAX_INSTANT, Math.max(MIN_INSTANT, Date.parse(boundary) + sign * offset)),
        ),
    },
  )
  // Those could be seconds.
  .filter((ms) => ms < SECONDS.from || ms > SECONDS.to);
const symbols = mostly(2, SYMBOLS);
const labels = mostly(2, LABELS);

/** Most doubles are smaller than any value that is kept: those are 0 here, and refused ones are among the bad values. */
const orZero = (number: number, smallest: number): number => (Math.abs(number) < smallest ? 0 : number);

const decimals: Arb = fc.oneof(
  fc.constantFrom<unknown>(
    ...['9999999999.99999999', '-9999999999.99999999', '0.00000001', '-0.00000001', '1234567.12345678'],
    ...[0, -0, 0.1 + 0.2, 0.000000015, -0.000000025, 1e-8, 1e9 + 0.1],
  ),
  fc.integer({ min: -100_000, max: 100_000 }).map((cents) => cents / 100),
  fc.double({ min: -9e9, max: 9e9, noNaN: true }).map((number) => orZero(number, 1e-8)),
);

/** Volumes are not negative, so that most of these are good for any field. */
const wideDecimals: Arb = fc.oneof(
  fc.constantFrom<unknown>(
    ...[0, 1, 2n, 0.5, 1_000_003, 2 ** 53, 2n ** 53n + 1n, 2n ** 64n, 10n ** 30n, 1e29, '0.00000001'],
    ...[`${'9'.repeat(30)}.99999999`, '0.123456789', '12.345678905'],
  ),
  fc.bigInt({ min: 0n, max: 2n ** 99n }),
  fc.double({ min: 0, max: 1e12, noNaN: true }).map((number) => orZero(number, 1e-8)),
);

const wholeNumbers = (max: number): Arb<number> => fc.oneof(fc.constantFrom(0, 1, max), fc.nat({ max }));

function goodValue(field: Field): Arb {
  switch (field.kind) {
    case 'symbol':
      return symbols;
    case 'label':
      return labels;
    case 'id':
      return fc.constantFrom(...IDS);
    case 'uuid':
      return fc.constantFrom(...UUIDS, UUIDS[2]!.toUpperCase());
    case 'text':
      return fc.oneof(fc.constantFrom('', '\\N', '\u0000', "it's\t\n"), fc.string({ unit: 'grapheme' }));
    case 'metadata':
      return fc.constantFrom('{}', '{"unit":"%"}');
    case 'instant':
      return fc.oneof(
        instants,
        instants.map((ms) => new Date(ms)),
      );
    case 'decimal':
      return field.precision === 38 ? fc.oneof(wideDecimals, decimals) : decimals;
    case 'uint8':
      return wholeNumbers(0xff);
    case 'uint16':
      return wholeNumbers(0xffff);
    case 'uint32':
      return mostly(4, [...HORIZONS, 65_534]);
    case 'uint64':
      return mostly<unknown>(3, [
        0,
        1,
        2n,
        1_000_003,
        2 ** 53 - 1,
        2n ** 53n + 1n,
        2n ** 63n,
        2n ** 64n - 1n,
      ]);
    case 'float32':
    case 'float64':
      return floats(field);
    case 'texts':
      return fc.array(fc.constantFrom('', 'b', 'a', "it's", '🚀'), { maxLength: 4 });
    case 'numbers':
      return fc.dictionary(fc.constantFrom('', 'a', '__proto__', "b'", '🚀'), floats({ kind: 'float64' }), {
        maxKeys: 3,
      });
  }
}

function floats({
  kind,
  min,
  max,
}: {
  kind: 'float32' | 'float64';
  min?: number;
  max?: number;
}): Arb<number> {
  const limit = kind === 'float32' ? 3e38 : 1e300;
  const smallest = kind === 'float32' ? 2 ** -149 : 0;
  const range = { min: min ?? -limit, max: max ?? limit, noNaN: true };
  const numbers = fc.oneof(
    fc.constantFrom(
      ...[0, -0, 0.1, 1 / 3, 1, -1, 1e-40, Math.max(smallest, 5e-324)].filter(
        (n) => n >= range.min && n <= range.max,
      ),
    ),
    fc.double({ ...range, min: Math.max(range.min, -1e6), max: Math.min(range.max, 1e6) }),
    fc.double(range),
  );
  return numbers.map((number) => orZero(number, smallest));
}

const badValues = fc.constantFrom<unknown>(
  1e-60,
  '0.0000000094',
  undefined,
  null,
  NaN,
  -1.5,
  'no such thing\ud800',
  2n ** 64n,
  {},
  new Date(NaN),
);

const value = (field: Field): Arb =>
  fc.oneof(
    { weight: field.nullable ? 20 : 0, arbitrary: fc.constantFrom(null, undefined) },
    { weight: 60, arbitrary: goodValue(field) },
    { weight: 1, arbitrary: badValues },
  );

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

/** Query parameters: each of them sometimes, most of them right. */
function queryFields(definition: RecordDefinition): Record<string, Arb> {
  const filters = Object.fromEntries(
    definition.filters.map((name) => [name, goodValue(definition.fields[name]!).map(String)]),
  );
  const absent = (arbitrary: Arb) =>
    fc.oneof({ weight: 3, arbitrary: fc.constant(undefined) }, { weight: 1, arbitrary });
  return {
    ...('symbol' in definition.fields && { symbol: absent(symbols) }),
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

const query = (definition: RecordDefinition): Arb => fc.record(queryFields(definition));

const INTERVALS = '1s 90s 5m 1h 7h 1d 10d 1w 2w 3000w 1mo 3mo 5mo 1q 1y 7y 100y 0m'.split(' ');

function aggregation(record: RecordName): Arb {
  const definition: RecordDefinition = records[record];
  const { groups, measures, bars } = definition.aggregate!;
  return fc.record({
    ...queryFields(definition),
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

const writes: Arb<Operation>[] = [
  operation(
    'marketData',
    'insert',
    fc.record({
      records: rows(records.marketData, ['source']),
      source: label,
      timestamp: writtenAt,
      rounding,
    }),
  ),
  operation(
    'sentiment',
    'insert',
    fc.record({ records: rows(records.sentiment, ['source']), source: label, timestamp: writtenAt }),
  ),
  operation('features', 'insert', featureBatches),
  operation(
    'predictions',
    'insert',
    fc.record({
      predictions: rows(records.predictions, ['modelVersion', 'strategyName']),
      modelVersion: label,
      strategy: label,
      timestamp: writtenAt,
      rounding,
    }),
  ),
  operation(
    'outcomes',
    'insert',
    fc.record({ outcomes: rows(records.outcomes, []), timestamp: writtenAt, rounding }),
  ),
  operation(
    'strategyPerformance',
    'insert',
    fc.record({ records: rows(records.strategyPerformance, []), timestamp: writtenAt, rounding }),
  ),
  operation('checkpoints', 'save', someId, mostly(3, [1, 5_105, Number.MAX_SAFE_INTEGER, -1, 0.5])),
];

const recordNames = Object.keys(records) as RecordName[];

const reads: Arb<Operation>[] = [
  ...recordNames.map((name) => operation(name, 'find', query(records[name]), exactness)),
  ...recordNames.map((name) => operation('analytics', 'aggregate', aggregation(name), exactness)),
  operation('marketData', 'latest', someSymbol, someLimit, exactness),
  operation('sentiment', 'latest', someSymbol, someLimit, exactness),
  operation('features', 'latest', someSymbol),
  operation('features', 'latestValue', someSymbol, mostly(3, [...LABELS, ''])),
  operation('predictions', 'findById', someId, exactness),
  operation(
    'predictions',
    'dueForEvaluation',
    mostly(4, [...HORIZONS, -1]),
    fc.oneof(instants, fc.constant(Date.UTC(2024, 6, 1))),
    fc.record({ exact: fc.boolean(), limit: fc.oneof(fc.constant(undefined), someLimit) }),
  ),
  operation('strategyPerformance', 'latest', mostly(3, [...LABELS, '']), exactness),
  operation('checkpoints', 'load', someId),
];

/** Sequences of writes and reads. */
export const operations: Arb<Operation[]> = fc.array(
  fc.oneof({ weight: 2, arbitrary: fc.oneof(...writes) }, { weight: 3, arbitrary: fc.oneof(...reads) }),
  { minLength: 1, maxLength: 60, size: 'max' },
);

/** Reads of everything there is, for the end of a sequence. */
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
