import type { Bench } from '../bench.js';
import { elapsed, pairedRounds } from '../bench.js';
import type { BenchServer } from '../server.js';

const ROWS = 2_000_000;
const VERSIONS = 3;
const ROUNDS = 30;
const SYMBOLS = 200;

/** What it costs to see one version of each row, with three versions of 2,000,000 bars in parts that are never merged. */
export const costOfFinal: Bench = async function* (server) {
  await server.run('TRUNCATE TABLE ours.market_data');
  await server.run('SYSTEM STOP MERGES ours.market_data');
  for (let version = 1; version <= VERSIONS; version++) await writeVersion(server, version);

  let turn = 0;
  const compare = (name: string, query: (from: string, symbol: string) => string) => {
    const read = (from: string) => () =>
      elapsed(async () => {
        const answer = await server.client.query({
          query: query(`ours.market_data${from}`, `SYM${turn++ % SYMBOLS}`),
          format: 'JSONCompactEachRow',
        });
        await answer.text();
      });
    return pairedRounds({ case: `${name}, 3 versions of 2,000,000 bars`, unit: 'ms' }, ROUNDS, {
      ours: read(' FINAL'),
      'without FINAL, seeing old versions': read(''),
    });
  };
  yield await compare(
    'latest bar of a symbol',
    (from, symbol) => `SELECT * FROM ${from} WHERE symbol = '${symbol}' ORDER BY timestamp DESC LIMIT 1`,
  );
  yield await compare(
    'one day of a symbol',
    (from, symbol) => `SELECT * FROM ${from} WHERE symbol = '${symbol}'
      AND timestamp >= '2024-01-10 00:00:00' AND timestamp < '2024-01-11 00:00:00' ORDER BY timestamp`,
  );
};

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
