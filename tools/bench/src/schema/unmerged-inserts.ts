import type { Bench } from '../bench.js';
import { eachSide, elapsed, pairedRounds } from '../bench.js';
import type { BenchServer } from '../server.js';
import { sized } from '../sized.js';

const INSERTS = sized(10, 1);
const ROWS = sized(100_000, 1_000);
const SYMBOLS = 200;
const ROUNDS = sized(15, 1);

/** Value of `optimize_on_insert` of each side. */
const SIDES = { ours: 0, 'optimize_on_insert = 1': 1 } as const;

/** Measures inserts of unmerged blocks, and reads with FINAL before anything else has merged them. */
export const unmergedInserts: Bench<BenchServer> = async function* (server) {
  const tables = eachSide(SIDES, (optimize) => `ours.market_data_${optimize}`);
  for (const table of Object.values(tables)) {
    await server.run(`CREATE TABLE ${table} AS ours.market_data`);
    await server.run(`SYSTEM STOP MERGES ${table}`);
  }
  let next = 0;
  const insert = (optimize: 0 | 1) =>
    server.run(
      `INSERT INTO ours.market_data_${optimize}
       SELECT 'SYM' || toString(number % ${SYMBOLS}),
         toDateTime64('2024-01-02 00:00:00', 3, 'UTC') + intDiv(number, ${SYMBOLS}),
         100, 101, 99, 100.5, 1000, 100.5, 'vendor', 100, toDateTime64(1, 3, 'UTC')
       FROM numbers(${next++ * ROWS}, ${ROWS})
       SETTINGS optimize_on_insert = ${optimize}`,
    );
  yield await pairedRounds(
    { case: `insert of ${ROWS} bars`, unit: 'ms' },
    INSERTS,
    eachSide(SIDES, (optimize) => () => elapsed(() => insert(optimize))),
  );
  for (const [name, where] of Object.entries({ 'all bars': '1', 'one symbol': "symbol = 'SYM17'" })) {
    yield await pairedRounds(
      { case: `${name} with FINAL, of ${INSERTS} inserts without a merge`, unit: 'ms' },
      ROUNDS,
      eachSide(
        tables,
        (table) => () => elapsed(() => server.number(`SELECT sum(close) FROM ${table} FINAL WHERE ${where}`)),
      ),
    );
  }
};
