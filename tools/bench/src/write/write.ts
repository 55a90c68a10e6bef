import { Readable } from 'node:stream';
import type { ClickHouseClient } from '@clickhouse/client';
import { DatabaseAbstraction } from '@quantumtrade/dal';
import { connectClickHouse } from '@quantumtrade/dal-clickhouse';
import type { EncodedBlock, MarketDataBatch, TimeSeriesBackend } from '@quantumtrade/dal-domain';
import { columnOf, marketData } from '@quantumtrade/dal-domain';
import { memoryCacheBackend, memoryDeadLetters } from '@quantumtrade/dal-memory';
import type { Bench, Measurement } from '../bench.js';
import { pairedRounds, spread } from '../bench.js';
import type { BenchServer } from '../server.js';
import { bars } from './bars.js';

const ROUNDS = 7;
const IN_FLIGHT = 2;
/** Batch size, and batches of one measurement. */
const SIZES = [
  [1_000, 60],
  [10_000, 20],
  [100_000, 8],
] as const;
const LATENCY_BATCHES = 200;
const SINGLE_ROWS = 400;
const COLUMNS = [...Object.keys(marketData.fields).map(columnOf), 'written_at'];

type Records = MarketDataBatch['records'];

/** Market data into tables of ours, each side in a database of its own on one server. */
export const write: Bench = async function* (server) {
  const ours = await ourWriter(server, 'ours');
  const peers = await Promise.all(['json', 'native', 'single'].map((name) => ourWriter(server, name)));
  const [json, native, single] = peers as [OurWriter, OurWriter, OurWriter];

  for (const [size, count] of SIZES) {
    const throughput =
      <T>(prepare: (records: Records) => T, send: (batch: T) => Promise<unknown>): Measurement =>
      async () => {
        const source = batches.get(prepare) ?? bars(size);
        batches.set(prepare, source);
        const prepared = Array.from({ length: count }, () => prepare(source.next().value));
        const started = performance.now();
        await inFlight(prepared, IN_FLIGHT, send);
        return Math.round((size * count) / ((performance.now() - started) / 1_000));
      };
    const batches = new Map<unknown, Generator<Records, never>>();
    yield await pairedRounds({ case: `batches of ${size} row objects`, unit: 'rows/s' }, ROUNDS, {
      ours: throughput(asBatch, (batch) => ours.write(batch)),
      '@clickhouse/client JSONEachRow': throughput(asJson, (rows) => insertJson(json.client, 'json', rows)),
      'pre-encoded Native': throughput(
        (records) => native.encode(asBatch(records)),
        (blocks) => Promise.all(blocks.map((block) => insertBytes(native.client, 'native', block))),
      ),
    });
  }

  yield await latencyOfThousand(ours, json);
  yield await pairedRounds({ case: 'single rows, 100 callers', unit: 'rows/s' }, ROUNDS, {
    ours: singleRows((records) => ours.write(asBatch(records))),
    'async_insert=1': singleRows((records) =>
      insertJson(single.client, 'single', asJson(records), { async_insert: 1, wait_for_async_insert: 1 }),
    ),
  });
  const { rss, heapUsed } = process.memoryUsage();
  yield {
    case: 'memory of this process after all',
    unit: 'MiB',
    ours: spread([Math.round(rss / 2 ** 20)]),
    peers: { 'heap used': spread([Math.round(heapUsed / 2 ** 20)]) },
  };
  await Promise.all([ours, ...peers].map((each) => each.close()));
};

interface OurWriter {
  readonly client: ClickHouseClient;
  write(batch: MarketDataBatch): Promise<unknown>;
  encode(batch: MarketDataBatch): readonly EncodedBlock[];
  close(): Promise<void>;
}

async function ourWriter(server: BenchServer, database: string): Promise<OurWriter> {
  const timeSeries: TimeSeriesBackend = connectClickHouse({ ...server.settings, database });
  await timeSeries.schema.initialize();
  const storage = { deadLetters: memoryDeadLetters(), openJournal: () => Promise.resolve(undefined) };
  const layer = new DatabaseAbstraction({ timeSeries, cache: memoryCacheBackend(), writing: { storage } });
  const writer = await layer.batchWriter({ maxAgeMs: 5 });
  return {
    client: server.client,
    write: (batch) => writer.write('marketData', batch),
    encode(batch) {
      const collector = timeSeries.blocks.collect('marketData');
      collector.append(batch);
      return collector.finish();
    },
    async close() {
      await writer.close();
      await layer.close();
    },
  };
}

const asBatch = (records: Records): MarketDataBatch => ({ source: 'bench', records });

/** As one would write it with the driver: rows as they are, with the columns' names. */
const asJson = (records: Records): object[] =>
  records.map((record) => ({
    ...Object.fromEntries(Object.entries(record).map(([name, value]) => [columnOf(name), value])),
    timestamp: new Date(record.timestamp).toISOString().replace('T', ' ').replace('Z', ''),
    source: 'bench',
    written_at: '2024-01-01 00:00:00.000',
  }));

function insertJson(
  client: ClickHouseClient,
  database: string,
  values: readonly object[],
  clickhouse_settings: Record<string, number> = { async_insert: 0 },
): Promise<unknown> {
  return client.insert({
    table: `${database}.market_data`,
    values,
    format: 'JSONEachRow',
    clickhouse_settings,
  });
}

async function insertBytes(
  client: ClickHouseClient,
  database: string,
  { bytes, id }: EncodedBlock,
): Promise<void> {
  const { stream } = await client.exec({
    query: `INSERT INTO ${database}.market_data (${COLUMNS.join(', ')}) FORMAT Native`,
    values: Readable.from([bytes], { objectMode: false }),
    clickhouse_settings: { async_insert: 0, insert_deduplication_token: id },
  });
  for await (const _ of stream);
}

async function latencyOfThousand(ours: OurWriter, json: OurWriter) {
  const source = bars(1_000);
  const latencies = async (send: (records: Records) => Promise<unknown>) => {
    const figures: number[] = [];
    for (let n = 0; n < LATENCY_BATCHES; n++) {
      const records = source.next().value;
      const started = performance.now();
      await send(records);
      figures.push(performance.now() - started);
    }
    return figures.sort((a, b) => a - b);
  };
  const at = (figures: number[], share: number) => figures[Math.ceil(figures.length * share) - 1]!;
  const mine = await latencies((records) => ours.write(asBatch(records)));
  const theirs = await latencies((records) => insertJson(json.client, 'json', asJson(records)));
  const summary = (figures: number[]) => ({
    min: figures[0]!,
    median: at(figures, 0.5),
    max: at(figures, 0.95),
  });
  return {
    case: 'latency of a batch of 1,000, one after the other (max is p95)',
    unit: 'ms',
    ours: summary(mine),
    peers: { '@clickhouse/client JSONEachRow': summary(theirs) },
  };
}

function singleRows(send: (records: Records) => Promise<unknown>): Measurement {
  const source = bars(1);
  return async () => {
    const rows = Array.from({ length: SINGLE_ROWS }, () => source.next().value);
    const started = performance.now();
    await inFlight(rows, 100, send);
    return Math.round(SINGLE_ROWS / ((performance.now() - started) / 1_000));
  };
}

async function inFlight<T>(
  items: readonly T[],
  width: number,
  send: (item: T) => Promise<unknown>,
): Promise<void> {
  const rest = items.values();
  await Promise.all(
    Array.from({ length: width }, async () => {
      for (const item of rest) await send(item);
    }),
  );
}
