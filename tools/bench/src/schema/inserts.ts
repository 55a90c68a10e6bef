import type { Bench } from '../bench.js';
import { elapsed, measuredOnce, pairedRounds } from '../bench.js';
import type { BenchServer } from '../server.js';
import { sized } from '../sized.js';

const ROWS = 1000;
const ROUNDS = sized(15, 1);
const START = Date.UTC(2024, 0, 2);
const MINUTE = 60_000;

/** Measures inserts when the partition key holds more than the month. */
export const insertsByPartition: Bench<BenchServer> = async function* (server) {
  for (const { table, what, batch } of [
    { table: 'market_data', what: '1,000 bars of 50 symbols', batch: bars(50) },
    { table: 'features', what: '1,000 features of 50 names', batch: features(50) },
  ]) {
    yield await pairedRounds({ case: `insert ${what}`, unit: 'ms' }, ROUNDS, {
      ours: () => insertInto(server, `ours.${table}`, batch),
      specification: () => insertInto(server, `specification.${table}`, batch),
    });
    yield await measuredOnce(
      { case: `parts written by ${what}`, unit: 'parts' },
      {
        ours: () => partsOfOneInsert(server, 'ours', table, batch),
        specification: () => partsOfOneInsert(server, 'specification', table, batch),
      },
    );
  }
  const manySymbols = bars(500);
  const refusal = await insertInto(server, 'specification.market_data', manySymbols).then(
    () => undefined,
    (error: { type?: string }) => error.type,
  );
  if (!refusal) throw new Error('500 partitions in one block were expected to be refused');
  const { peers, ...measured } = await pairedRounds(
    { case: 'insert 1,000 bars of 500 symbols', unit: 'ms', note: `specification: refused with ${refusal}` },
    ROUNDS,
    { ours: () => insertInto(server, 'ours.market_data', manySymbols) },
  );
  yield { ...measured, peers: { ...peers, specification: null } };
};

/** Into an empty table, so that no round pays for the merges of another. */
async function insertInto(server: BenchServer, table: string, values: object[]): Promise<number> {
  await server.run(`TRUNCATE TABLE ${table}`);
  return elapsed(() =>
    server.client.insert({
      table,
      values,
      format: 'JSONEachRow',
      clickhouse_settings: { input_format_skip_unknown_fields: 1, date_time_input_format: 'best_effort' },
    }),
  );
}

async function partsOfOneInsert(server: BenchServer, database: string, table: string, values: object[]) {
  await server.run(`SYSTEM STOP MERGES ${database}.${table}`);
  await insertInto(server, `${database}.${table}`, values);
  const parts = await server.number(
    'SELECT count() FROM system.parts WHERE active AND database = {database:String} AND table = {table:String}',
    { database, table },
  );
  await server.run(`SYSTEM START MERGES ${database}.${table}`);
  return parts;
}

const rows = (row: (i: number) => object) => Array.from({ length: ROWS }, (_, i) => row(i));
const minute = (n: number) => new Date(START + n * MINUTE).toISOString();

function bars(symbols: number): object[] {
  return rows((i) => ({
    symbol: `SYM${i % symbols}`,
    timestamp: minute(Math.floor(i / symbols)),
    open: '100.25',
    high: '101.5',
    low: '99.75',
    close: '100.5',
    volume: 12_000 + i,
    adjusted_close: '100.5',
    source: 'vendor',
    quality_score: 100,
    written_at: minute(0),
  }));
}

function features(names: number): object[] {
  return rows((i) => ({
    symbol: 'SYM1',
    timestamp: minute(Math.floor(i / names)),
    feature_name: `feature_${i % names}`,
    feature_value: i / 7,
    feature_metadata: '{}',
    feature_version: 1,
    calculation_time_ms: 3,
    written_at: minute(0),
  }));
}
