import { DatabaseAbstraction } from '@quantumtrade/dal';
import { connectClickHouse } from '@quantumtrade/dal-clickhouse';
import { prometheusRenderer } from '@quantumtrade/dal-exporters';
import { memoryCacheBackend } from '@quantumtrade/dal-memory';
import type { Bench, Sides } from '../bench.js';
import { eachSide, inRounds } from '../bench.js';
import { closedLoop, inThroughput, warmedUp } from '../loads.js';
import type { BenchServer } from '../server.js';
import { settleServer } from '../settle.js';
import { sized } from '../sized.js';
import { barSymbols, benchBars } from '../write/bars.js';
import { Exporters } from './observed.js';

const ROUNDS = sized(11, 1);
const SECONDS = sized(2, 0.1);
const SYMBOLS = sized(200, 20);
const BARS_PER_SYMBOL = sized(1_000, 20);
const PAGE_ROWS = 100;
const SERIES_START = Date.UTC(2023, 0, 2);
const PAGE_END = SERIES_START + PAGE_ROWS * 60_000;
const BATCH_ROWS = 1_000;
const DATABASE = 'bench_instrumentation';
/**
 * Until calls run as fast as ever: each subscription has V8 compile their code again. For the same reason no garbage is collected before a
 * round, which throws away compiled code.
 */
const WARM_UP_MS = sized(1_500, 10);

interface Load {
  readonly title: string;
  readonly unit: string;
  readonly callers: number;
  readonly call: (n: number) => Promise<unknown>;
}

/**
 * Everything on (log lines, spans and metrics to a collector, with the default sampling and interval) against nothing subscribed, in
 * paired rounds, and the processor time of one scrape. The data layer counts for its metrics on all sides.
 */
export const instrumentation: Bench<BenchServer> = async function* (
  server,
  { seconds = SECONDS, rounds = ROUNDS },
) {
  const database = await filledDatabase(server);
  const exporters = await Exporters.open();
  const sides: Sides<() => Promise<() => Promise<void>>> = {
    ours: () => exporters.observe(database),
    'nothing subscribed': async () => async () => undefined,
    'every operation logged and traced': () => exporters.observe(database, { logs: 1, traces: 1 }),
  };
  try {
    for (const { title, unit, callers, call } of loadsOf(database)) {
      await settleServer(server);
      const measured = eachSide(sides, (observe) => async () => {
        const stop = await observe();
        try {
          await closedLoop({ callers, forMs: WARM_UP_MS }, call);
          return await closedLoop({ callers, forMs: seconds * 1_000 }, call);
        } finally {
          await stop();
        }
      });
      yield* inThroughput(`${title}, ${callers} callers`, unit, await inRounds(rounds, measured));
    }
    const render = prometheusRenderer(database.metrics);
    const scrape = () =>
      warmedUp({ callers: 1, forMs: seconds * 1_000 }, (load) =>
        closedLoop(load, () => render('application/openmetrics-text')),
      );
    yield* inThroughput('scrape of all metrics', 'scrapes', await inRounds(rounds, { ours: scrape }));
  } finally {
    await exporters.close();
    await database.close();
    await server.run(`DROP DATABASE IF EXISTS ${DATABASE} SYNC`);
  }
};

function loadsOf(database: DatabaseAbstraction): Load[] {
  const symbols = barSymbols(SYMBOLS);
  const symbolOf = (n: number) => symbols[(n * 7919) % symbols.length]!;
  const batches = benchBars(BATCH_ROWS);
  const latest = (n: number) => database.getLatestMarketData(symbolOf(n), 1);
  const page = (n: number) =>
    database.getMarketData({ symbol: symbolOf(n), startTime: SERIES_START, endTime: PAGE_END, count: false });
  return [
    {
      ...{ title: `inserts of ${BATCH_ROWS} rows`, unit: 'inserts', callers: 4 },
      call: () => database.insertMarketData({ source: 'bench', records: batches.next().value }),
    },
    { title: `pages of ${PAGE_ROWS} rows`, unit: 'pages', callers: 10, call: page },
    {
      ...{ title: 'four of five reads from the cache, one a page', unit: 'reads', callers: 10 },
      call: (n) => (n % 5 === 0 ? page(n) : latest(n)),
    },
    { title: 'latest bars in process', unit: 'reads', callers: 1, call: latest },
  ];
}

async function filledDatabase({ settings, run }: BenchServer): Promise<DatabaseAbstraction> {
  await run(`CREATE DATABASE ${DATABASE}`);
  const timeSeries = connectClickHouse({ ...settings, database: DATABASE });
  const database = new DatabaseAbstraction({ timeSeries, cache: memoryCacheBackend() });
  await database.initializeSchema();
  const series = { symbols: barSymbols(SYMBOLS), startMs: SERIES_START, stepMs: 60_000 };
  const batches = benchBars(SYMBOLS * 100, series);
  for (let bars = 0; bars < BARS_PER_SYMBOL; bars += 100) {
    await database.insertMarketData({ source: 'bench', records: batches.next().value });
  }
  return database;
}
