import { randomBytes } from 'node:crypto';
import { connectClickHouse } from '@quantumtrade/dal-clickhouse';
import type { RecordName, RecordRepository, TimeSeriesBackend } from '@quantumtrade/dal-domain';
import { recordNames } from '@quantumtrade/dal-domain';
import { memoryTimeSeries } from '@quantumtrade/dal-memory';
import type { Table } from 'apache-arrow';
import { RecordBatchReader, tableFromIPC, tableToIPC } from 'apache-arrow';
import { arrowBatches, arrowStream, arrowTable } from './arrow.js';
import { batchRowsOf, unitsOf } from './testing/batch-rows.js';
import { SAMPLES } from './testing/samples.js';

const OPEN: Readonly<Record<string, () => TimeSeriesBackend>> = {
  memory: () => memoryTimeSeries(),
  ClickHouse: () => {
    const { origin, username, password } = new URL(process.env['CLICKHOUSE_URL']!);
    const database = `arrow_${randomBytes(6).toString('hex')}`;
    return connectClickHouse({ url: origin, username: username || 'default', password, database });
  },
};

async function openWithSamples(open: () => TimeSeriesBackend): Promise<TimeSeriesBackend> {
  const backend = open();
  await backend.schema.initialize();
  for (const name of recordNames) {
    const { errors } = await backend[name].insert(SAMPLES[name] as never);
    expect(errors).toEqual([]);
  }
  return backend;
}

async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const list: T[] = [];
  for await (const item of items) list.push(item);
  return list;
}

/** The rows of one record with exact values; features as `columns` has them, because `find` returns sets. */
async function exactRows(backend: TimeSeriesBackend, name: RecordName): Promise<object[]> {
  if (name !== 'features') {
    const { find } = backend[name] as Pick<RecordRepository<'marketData'>, 'find'>;
    return (await find({}, { exact: true })).data;
  }
  const { rowCount, columns } = await backend.features.columns();
  const { featureName, symbol } = columns;
  return Array.from({ length: rowCount }, (_, row) => ({
    ...Object.fromEntries(Object.entries(columns).map(([field, list]) => [field, (list as never)[row]])),
    timestamp: new Date(columns.timestamp[row]!),
    featureName: featureName.dictionary[featureName.positions[row]!],
    symbol: symbol.dictionary[symbol.positions[row]!],
  }));
}

describe.each(Object.entries(OPEN))('Arrow reads of %s', (_name, open) => {
  let backend: TimeSeriesBackend;
  beforeAll(async () => void (backend = await openWithSamples(open)));
  afterAll(() => backend.probe.close());

  it.each(recordNames)('%s has the same rows in tables, batches and streams', async (name) => {
    const expected = await exactRows(backend, name);
    expect(expected.length).toBeGreaterThan(2);
    const table = await arrowTable(backend, name);
    expect(table.batches.flatMap(batchRowsOf)).toEqual(expected);
    const batches = await collect(arrowBatches(backend, name, { batchRows: 2 }));
    expect(batches.flatMap(batchRowsOf)).toEqual(expected);
    expect(Math.max(...batches.map(({ numRows }) => numRows))).toBe(2);
    for (const batchRows of [1, 2, 1_000]) {
      const reader = await RecordBatchReader.from(arrowStream(backend, name, { batchRows }));
      const read = await collect(reader);
      expect(read.flatMap(batchRowsOf)).toEqual(expected);
      expect(String(read[0]!.schema)).toBe(String(table.schema));
    }
  });

  it.each(recordNames)('%s has its schema when no row matches', async (name) => {
    const { schema } = await arrowTable(backend, name);
    const nothing = { endTime: Date.UTC(1900, 0, 1) };
    const table = await arrowTable(backend, name, nothing);
    expect(table.numRows).toBe(0);
    expect(String(table.schema)).toBe(String(schema));
    expect(await collect(arrowBatches(backend, name, nothing))).toEqual([]);
    const read = tableFromIPC(Buffer.concat(await collect(arrowStream(backend, name, nothing))));
    expect(read.numRows).toBe(0);
    expect(String(read.schema)).toBe(String(schema));
    expect(read.schema.metadata).toEqual(new Map([['record', name]]));
  });

  it('decimals are exact up to their limits', async () => {
    const unitsOfAll = (table: Table, field: string) =>
      [...table.getChild(field)!].map((words) => unitsOf(words as Uint32Array));
    const bars = await arrowTable(backend, 'marketData', { order: 'key' });
    expect(unitsOfAll(bars, 'close')).toEqual([
      1n - 10n ** 18n,
      -1n,
      0n,
      10n ** 18n - 1n,
      123_456_712_345_678n,
    ]);
    expect(unitsOfAll(bars, 'volume')).toEqual([0n, 1n, 2n ** 63n - 1n, 2n ** 63n, 10n ** 38n - 1n]);
    const outcomes = await arrowTable(backend, 'outcomes');
    expect(unitsOfAll(outcomes, 'profitLoss')).toEqual([1n - 10n ** 38n, -(2n ** 63n) - 1n, -(2n ** 63n)]);
  });

  it('instants before 1970 and the greatest integers are exact', async () => {
    const bars = await arrowTable(backend, 'marketData', { symbol: 'A' });
    const first = Date.UTC(1931, 5, 1, 12, 0, 0, 1);
    expect([...bars.getChild('timestamp')!]).toEqual([first, first + 60_000, 0]);
    const news = await arrowTable(backend, 'sentiment');
    expect(news.getChild('contentHash')!.toArray()).toEqual(
      BigUint64Array.of(0n, 2n ** 53n + 1n, 2n ** 64n - 1n),
    );
  });

  it('absent values are null', async () => {
    const table = await arrowTable(backend, 'strategyPerformance');
    const nullsIn = (field: string) => table.getChild(field)!.nullCount;
    expect(['accuracyRate', 'sharpeRatio', 'winRate'].map(nullsIn)).toEqual([4, 10, 0]);
    expect([...table.getChild('accuracyRate')!].map((value) => value === null)).toEqual(
      Array.from({ length: 10 }, (_, i) => i % 3 === 0),
    );
  });

  it('select, order and limit apply', async () => {
    const params = { select: ['close', 'symbol'], direction: 'descending', limit: 2, order: 'key' } as const;
    const table = await arrowTable(backend, 'marketData', params);
    expect(table.schema.names).toEqual(['symbol', 'close']);
    expect([...table.getChild('symbol')!]).toEqual(['日経', 'B']);
    const [batch] = await collect(arrowBatches(backend, 'marketData', params));
    expect(batch!.schema.names).toEqual(['symbol', 'close']);
    const unordered = await arrowTable(backend, 'marketData', { select: ['close'], order: 'none' });
    expect(unordered.numRows).toBe((await arrowTable(backend, 'marketData')).numRows);
  });

  it('parameters are refused before the first byte', async () => {
    const refused = { code: 'VALIDATION', field: 'nope' };
    await expect(arrowTable(backend, 'marketData', { nope: 1 } as never)).rejects.toMatchObject(refused);
    for (const read of [arrowBatches, arrowStream]) {
      const items = read(backend, 'marketData', { nope: 1 } as never);
      await expect(collect<unknown>(items)).rejects.toMatchObject(refused);
    }
    await expect(arrowTable(backend, 'nope' as 'marketData')).rejects.toMatchObject({ field: 'record' });
  });

  it('a stream can be left and read again', async () => {
    const stream = arrowStream(backend, 'marketData', { batchRows: 2 });
    for await (const bytes of stream) {
      expect(bytes.byteLength).toBeGreaterThan(0);
      break;
    }
    const read = tableFromIPC(Buffer.concat(await collect(stream)));
    expect(read.batches.flatMap(batchRowsOf)).toEqual(await exactRows(backend, 'marketData'));
  });
});

it('memory and ClickHouse return the same bytes and rows', async () => {
  const backends = await Promise.all(Object.values(OPEN).map(openWithSamples));
  try {
    for (const name of recordNames) {
      const [memory, clickHouse] = await Promise.all(
        backends.map(async (backend) => ({
          table: tableToIPC(await arrowTable(backend, name)),
          stream: tableFromIPC(Buffer.concat(await collect(arrowStream(backend, name)))),
        })),
      );
      expect(Buffer.from(clickHouse!.table).equals(memory!.table)).toBe(true);
      // Batches end where the adapter's blocks do.
      expect(clickHouse!.stream.schema).toEqual(memory!.stream.schema);
      expect(clickHouse!.stream.batches.flatMap(batchRowsOf)).toEqual(
        memory!.stream.batches.flatMap(batchRowsOf),
      );
    }
  } finally {
    await Promise.all(backends.map(({ probe }) => probe.close()));
  }
});
