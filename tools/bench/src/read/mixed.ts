import type { Result, Sides } from '../bench.js';
import { eachSide, inRounds } from '../bench.js';
import { startRedisServer } from '../cache/redis-server.js';
import { closedLoop, inPercentiles, ofRounds, openLoop } from '../loads.js';
import { anyOf, sequence, zipf } from '../random.js';
import { settleServer } from '../settle.js';
import { openLayer } from './cached.js';
import type { ReadCase, ReadContext } from './case.js';
import { latestBars } from './latest-bars.js';
import { requireRows } from './one-caller.js';
import { barsOfSymbol, rawRows } from './raw.js';
import type { BarTable } from './tables.js';
import { sized } from '../sized.js';

const RATE = sized(10_000, 1_000);
const MAX_ROUNDS = 3;
/** Duration of a round, in that of other rounds. */
const FOR = sized(3, 1);
const DRAWN = 1 << 16;
/** Number of queries among ten that are looked up without the cache. */
const UNCACHED = 2;
const HOUR = 60;
/** The data layer's connections, and as many calls under way at the raw client. */
const CALLERS = 20;

/** The specification's 10,000 queries a second as a mix, and queries that nothing can be shared between. */
export const mixed: ReadCase = async function* (context) {
  yield* mixOf(context, await context.tables.ofMany());
  yield* singleQueries(context, await context.tables.of200('merged'));
};

async function* mixOf({ server, scale }: ReadContext, table: BarTable): AsyncGenerator<Result> {
  const redis = await startRedisServer();
  const layer = await openLayer(server, table, redis.url);
  const { ours: lookUp } = latestBars(table);
  const cached = zipf(table.series.symbols, DRAWN);
  const uncached = anyOf(table.series.symbols, DRAWN);
  const random = sequence(1);
  const isUncached = Array.from({ length: DRAWN }, () => random() % 10 < UNCACHED);
  const query = (n: number): Promise<unknown> => {
    const i = n % DRAWN;
    return isUncached[i] ? lookUp(uncached[i]!) : layer.getLatestMarketData(cached[i]!, 1);
  };
  let failed = 0;
  const fail = () => void failed++;
  try {
    const runs = await inRounds(Math.min(MAX_ROUNDS, scale.rounds), {
      ours: async () => {
        await settleServer(server);
        return openLoop({ rate: RATE, forMs: FOR * scale.forMs }, (n) => query(n).catch(fail));
      },
    });
    const share = `${100 - 10 * UNCACHED} % cached reads of latest bars by Zipf's law, ${10 * UNCACHED} % uncached lookups of any symbol`;
    const title = `mix of queries, ${RATE.toLocaleString('en-US')} due a second`;
    const note = `${share}; ${failed} failed; ${table.state}`;
    yield ofRounds(
      { case: `${title}: answered`, unit: 'queries/s', note },
      runs,
      ({ perSecond }) => perSecond,
    );
    yield* inPercentiles(title, runs);
  } finally {
    await layer.close();
    await redis.stop();
  }
}

/** One hour of a symbol, another hour of another symbol each time. */
async function* singleQueries(
  { server, scale }: ReadContext,
  { backend, raw, series, barsPerSymbol, state }: BarTable,
): AsyncGenerator<Result> {
  const { symbols, startMs, stepMs } = series;
  const hours = Math.floor(barsPerSymbol / HOUR);
  const rangeOf = (n: number) => {
    const startTime = startMs + (n % hours) * HOUR * stepMs;
    return { symbol: symbols[n % symbols.length]!, startTime, endTime: startTime + HOUR * stepMs };
  };
  const sides: Sides<(n: number) => Promise<void>> = {
    ours: async (n) => requireRows((await backend.marketData.find(rangeOf(n))).data, HOUR),
    '@clickhouse/client json()': async (n) => requireRows(await rawRows(raw, barsOfSymbol(rangeOf(n))), HOUR),
  };
  let first = 0;
  const measure = (call: (n: number) => Promise<void>) => async () => {
    await settleServer(server);
    const from = (first += 10_007);
    return closedLoop({ callers: CALLERS, forMs: scale.forMs }, (n) => call(from + n));
  };
  const runs = await inRounds(Math.min(MAX_ROUNDS, scale.rounds), eachSide(sides, measure));
  const title = `one hour of a symbol, uncached, ${CALLERS} callers`;
  yield ofRounds({ case: title, unit: 'queries/s', note: state }, runs, ({ perSecond }) => perSecond);
}
