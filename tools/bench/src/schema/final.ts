import type { Bench, Result, Sides } from '../bench.js';
import { eachSide, elapsed, pairedRounds } from '../bench.js';
import type { BenchServer } from '../server.js';
import { sized } from '../sized.js';

const ROWS = sized(2_000_000, 40_000);
const VERSIONS = 3;
const ROUNDS = sized(30, 1);
const SYMBOLS = 20;

/** Measures the cost of reading one version of each row, with three versions of 2,000,000 bars in parts that are never merged. */
export const costOfFinal: Bench<BenchServer> = async function* (server) {
  await server.run('TRUNCATE TABLE ours.market_data');
  await server.run('SYSTEM STOP MERGES ours.market_data');
  for (let version = 1; version <= VERSIONS; version++) await writeVersion(server, version);

  const latest = 'ORDER BY timestamp DESC, source LIMIT 1';
  const newest = `AND timestamp >= (SELECT timestamp FROM ours.market_data
    WHERE symbol = {symbol:String} ORDER BY timestamp DESC LIMIT 1)`;
  yield* compare(server, 'latest bar of a symbol', {
    ours: `ours.market_data FINAL WHERE symbol = {symbol:String} ${latest}`,
    'without FINAL, seeing old versions': `ours.market_data WHERE symbol = {symbol:String} ${latest}`,
    'FINAL from the newest instant on': `ours.market_data FINAL WHERE symbol = {symbol:String} ${newest} ${latest}`,
  });
  const day = "timestamp >= '2024-01-03 00:00:00' AND timestamp < '2024-01-04 00:00:00' ORDER BY timestamp";
  yield* compare(server, 'one day of a symbol', {
    ours: `ours.market_data FINAL WHERE symbol = {symbol:String} AND ${day}`,
    'without FINAL, seeing old versions': `ours.market_data WHERE symbol = {symbol:String} AND ${day}`,
  });
};

async function* compare(server: BenchServer, name: string, reads: Sides<string>): AsyncGenerator<Result> {
  let turn = 0;
  const rowsRead = async (read: string) => {
    const answer = await server.client.query({
      query: `SELECT * FROM ${read}`,
      query_params: { symbol: `SYM${turn++ % SYMBOLS}` },
      format: 'JSONCompact',
    });
    return (await answer.json()).statistics!.rows_read;
  };
  const versions = `${VERSIONS} versions of 2,000,000 bars`;
  yield await pairedRounds(
    { case: `${name} in ${versions}`, unit: 'ms' },
    ROUNDS,
    eachSide(reads, (read) => () => elapsed(() => rowsRead(read))),
  );
  yield await pairedRounds(
    { case: `rows read for ${name} in ${versions}`, unit: 'rows' },
    ROUNDS,
    eachSide(reads, (read) => () => rowsRead(read)),
  );
}

/** One-minute bars, the same keys in each version. */
function writeVersion(server: BenchServer, version: number): Promise<void> {
  return server.run(
    `INSERT INTO ours.market_data
     SELECT 'SYM' || toString(number % ${SYMBOLS}),
       toDateTime64('2024-01-02 00:00:00', 3, 'UTC') + toIntervalMinute(intDiv(number, ${SYMBOLS})),
       100, 101, 99, 100.5 + ${version}, 1000, 100.5, 'vendor', 100, toDateTime64(${version}, 3, 'UTC')
     FROM numbers(${ROWS})`,
  );
}
