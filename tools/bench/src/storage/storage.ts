import { connectClickHouse } from '@quantumtrade/dal-clickhouse';
import type { Bench, Result, Sides } from '../bench.js';
import { eachSide, elapsed, measuredOnce, pairedRounds } from '../bench.js';
import type { BenchServer } from '../server.js';
import { settleServer } from '../settle.js';
import { sized } from '../sized.js';
import type { BenchBar } from '../write/bars.js';
import { BATCH, demoBars, minuteBars } from './bars.js';

const READ_ROUNDS = sized(25, 1);
const INSERT_ROUNDS = sized(15, 1);

/** Databases with our tables, the second without their codecs. */
const DATABASES: Sides<string> = { ours: 'codecs', 'default codecs': 'default_codecs' };
const SINGLE_PART =
  'ENGINE = ReplacingMergeTree(written_at) PARTITION BY tuple() ORDER BY (symbol, timestamp, source)';

/** Measures size, reads and inserts of bars under the codecs of our tables, and under the engine's default codec. */
export const storage: Bench<BenchServer> = async function* (server) {
  const backends = eachSide(DATABASES, (database) => connectClickHouse({ ...server.settings, database }));
  for (const backend of Object.values(backends)) await backend.schema.initialize();
  await removeCodecs(server, DATABASES['default codecs']!);
  const insert = (records: readonly BenchBar[], name: string) =>
    backends[name]!.marketData.insert({ source: 'bench', records });

  const daily = demoBars();
  for (const name of Object.keys(DATABASES)) await insert(daily, name);
  for (const database of Object.values(DATABASES)) {
    await server.run(`CREATE TABLE ${database}.one_part AS ${database}.market_data ${SINGLE_PART}`);
    await server.run(`INSERT INTO ${database}.one_part SELECT * FROM ${database}.market_data`);
  }
  yield* measureTable(server, 'one_part', 'the bars of the demo in one part');
  yield* measureTable(server, 'market_data', 'the bars of the demo as it stores them, 21 in a part');

  const minutes = minuteBars();
  let turn = 0;
  yield await pairedRounds(
    { case: 'insert of 100,000 minute bars', unit: 'ms' },
    INSERT_ROUNDS,
    eachSide(DATABASES, (database, name) => async () => {
      await server.run(`TRUNCATE TABLE ${database}.market_data`);
      await settleServer(server);
      const batch = minutes[Math.floor(turn++ / 2) % minutes.length]!;
      return elapsed(() => insert(batch, name));
    }),
  );
  await server.run('CREATE TABLE codecs.in_memory ENGINE = Memory AS SELECT * FROM codecs.market_data');
  yield await pairedRounds(
    { case: 'insert of 100,000 minute bars within the server', unit: 'ms' },
    READ_ROUNDS,
    eachSide(DATABASES, (database) => async () => {
      await server.run(`TRUNCATE TABLE ${database}.market_data`);
      return elapsed(() =>
        server.run(
          `INSERT INTO ${database}.market_data SELECT * FROM codecs.in_memory SETTINGS optimize_on_insert = 0`,
        ),
      );
    }),
  );
  for (const [name, database] of Object.entries(DATABASES)) {
    await server.run(`TRUNCATE TABLE ${database}.market_data`);
    for (const batch of minutes) await insert(batch, name);
  }
  yield* measureTable(
    server,
    'market_data',
    `${(minutes.length * BATCH).toLocaleString('en-US')} minute bars`,
  );
  for (const backend of Object.values(backends)) await backend.probe.close();
};

/** Merges the parts of a table; then measures its size, and reads within the server, so that no transfer hides their cost. */
async function* measureTable(server: BenchServer, table: string, what: string): AsyncGenerator<Result> {
  for (const database of Object.values(DATABASES))
    await server.run(`OPTIMIZE TABLE ${database}.${table} FINAL`);
  await settleServer(server);
  yield await measuredOnce(
    { case: `size of ${what}`, unit: 'bytes' },
    eachSide(
      DATABASES,
      (database) => () =>
        server.number(
          `SELECT sum(data_compressed_bytes) FROM system.parts
         WHERE active AND database = {database:String} AND table = {table:String}`,
          { database, table },
        ),
    ),
  );
  const reads = { 'all columns': '*', 'close only': 'close', 'volume only': 'volume' };
  for (const [columns, expression] of Object.entries(reads)) {
    yield await pairedRounds(
      { case: `read of ${columns} of ${what}`, unit: 'ms' },
      READ_ROUNDS,
      eachSide(
        DATABASES,
        (database) => () =>
          elapsed(() => server.run(`SELECT ${expression} FROM ${database}.${table} FORMAT Null`)),
      ),
    );
  }
}

/** Gives all columns of a database the engine's default codec. */
async function removeCodecs(server: BenchServer, database: string): Promise<void> {
  const answer = await server.client.query({
    query: `SELECT table, arrayStringConcat(groupArray('MODIFY COLUMN ' || name || ' CODEC(Default)'), ', ') AS changes
      FROM system.columns WHERE database = {database:String} AND compression_codec != '' GROUP BY table`,
    query_params: { database },
    format: 'JSONEachRow',
  });
  for (const { table, changes } of await answer.json<{ table: string; changes: string }>())
    await server.run(`ALTER TABLE ${database}.${table} ${changes}`);
}
