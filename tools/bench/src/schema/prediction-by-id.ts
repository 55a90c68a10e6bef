import type { Bench } from '../bench.js';
import { eachSide, elapsed, measuredOnce, pairedRounds } from '../bench.js';
import type { BenchServer } from '../server.js';
import { sized } from '../sized.js';

const ROWS = sized(1_000_000, 20_000);
const ROUNDS = sized(40, 1);
const ID = 'lower(hex(sipHash128(toUInt64(number))))';

/** Finding one of 1,000,000 predictions by an id that the sorting key does not begin with. */
export const predictionById: Bench<BenchServer> = async function* (server) {
  const projections = "SETTINGS deduplicate_merge_projection_mode = 'rebuild'";
  await variant(server, 'no_index');
  await variant(server, 'projection', 'SELECT * ORDER BY prediction_id', projections);
  await variant(server, 'offsets', 'SELECT prediction_id, _part_offset ORDER BY prediction_id', projections);
  const tables = {
    ours: 'ours.predictions',
    specification: 'specification.predictions',
    'no index': 'ours.predictions_no_index',
    projection: 'ours.predictions_projection',
    'projection of offsets': 'ours.predictions_offsets',
  };
  for (const table of Object.values(tables)) await fill(server, table);
  const ids = await someIds(server);
  let turn = 0;
  const findNext = (table: string) => find(server, table, ids[turn++ % ids.length]!);

  yield await pairedRounds(
    { case: 'getPrediction(id) among 1,000,000', unit: 'ms' },
    ROUNDS,
    eachSide(tables, (table) => () => elapsed(() => findNext(table))),
  );
  yield await pairedRounds(
    { case: 'rows read by getPrediction(id) among 1,000,000', unit: 'rows' },
    ROUNDS,
    eachSide(tables, (table) => () => findNext(table)),
  );
  yield await measuredOnce(
    { case: '1,000,000 predictions on disk', unit: 'bytes' },
    eachSide(tables, (table) => () => bytesOnDisk(server, table)),
  );
};

/** Our table without its index, but perhaps with a projection. */
async function variant(server: BenchServer, name: string, projection?: string, settings = ''): Promise<void> {
  const table = `ours.predictions_${name}`;
  await server.run(`CREATE TABLE ${table} AS ours.predictions ENGINE = ReplacingMergeTree(written_at)
    PARTITION BY toYYYYMM(timestamp) ORDER BY (symbol, timestamp, prediction_id) ${settings}`);
  await server.run(`ALTER TABLE ${table} DROP INDEX prediction_id_index`);
  if (projection) await server.run(`ALTER TABLE ${table} ADD PROJECTION by_id (${projection})`);
}

async function fill(server: BenchServer, table: string): Promise<void> {
  await server.run(
    `INSERT INTO ${table} (prediction_id, symbol, timestamp, model_version, strategy_name, prediction_horizon,
       predicted_price, confidence, market_regime, features_used, model_latency_ms, strategy_parameters)
     SELECT ${ID}, 'SYM' || toString(number % 200),
       toDateTime64('2024-01-02 00:00:00', 3, 'UTC') + toIntervalMinute(intDiv(number, 200) * 20),
       'model-1', 'momentum', 60, 100, 0.5, 'bull', ['rsi_14', 'sma_20'], 5, map('window', 20.)
     FROM numbers(${ROWS})`,
  );
  await server.run(`OPTIMIZE TABLE ${table} FINAL`);
}

async function someIds(server: BenchServer): Promise<string[]> {
  const answer = await server.client.query({
    query: `SELECT ${ID} AS id FROM (SELECT number * ${ROWS / 200 - 1} AS number FROM numbers(200))`,
    format: 'JSONEachRow',
  });
  return (await answer.json<{ id: string }>()).map(({ id }) => id);
}

/** Returns how many rows the engine read. */
async function find(server: BenchServer, table: string, id: string): Promise<number> {
  const final = table.startsWith('ours.') ? 'FINAL' : '';
  const answer = await server.client.query({
    query: `SELECT * FROM ${table} ${final} WHERE prediction_id = {id:String} ORDER BY timestamp DESC, symbol DESC LIMIT 1`,
    query_params: { id },
    format: 'JSON',
  });
  const { rows, statistics } = await answer.json();
  if (rows !== 1) throw new Error(`found ${rows} predictions in ${table}`);
  return statistics!.rows_read;
}

function bytesOnDisk(server: BenchServer, table: string): Promise<number> {
  return server.number(
    `SELECT sum(bytes_on_disk) FROM system.parts WHERE active AND database || '.' || table = {table:String}`,
    { table },
  );
}
