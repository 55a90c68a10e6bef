import type { ComposedDatabase } from '@quantumtrade/dal-container';
import type { MarketDataBatch } from '@quantumtrade/dal-domain';
import { ingestFile } from '../ingest/ingest-file.js';
import { checkCacheHits } from './cache-hits.js';
import { chunks } from './collections.js';
import type { Demo } from './demo.js';
import { GENERATED_SOURCE } from './demo.js';
import type { DaysBySymbol } from './features.js';
import { DAY_MS, readDays, storeFeatures } from './features.js';
import type { GeneratorOptions } from './generated-bars.js';
import { generatedBars, symbolName } from './generated-bars.js';
import { evaluatePredictions, storePredictions } from './predictions.js';
import { SP500 } from './sp500.js';
import type { DemoSummary, DemoStep } from './summary.js';
import { verify } from './verify.js';

export interface DemoOptions extends GeneratorOptions {
  signal: AbortSignal;
  /** Called after each step. */
  onStep: (step: DemoStep) => void;
}

const ROWS_PER_WRITE = 50_000;
const RANGES = 50;

/** Runs the demo: ingests, computes features, predicts, evaluates, reads back and counts. */
export async function runDemo(
  { database, backends }: ComposedDatabase,
  options: DemoOptions,
): Promise<DemoSummary> {
  const { bars, symbols, seed, signal, onStep } = options;
  const started = performance.now();
  const steps: DemoStep[] = [];
  const step = async <T>(name: string, run: () => Promise<{ count: number; value: T }>): Promise<T> => {
    signal.throwIfAborted();
    const begun = performance.now();
    const { count, value } = await run();
    const done = { name, count, durationMs: performance.now() - begun };
    steps.push(done);
    onStep(done);
    return value;
  };
  const counted = (name: string, run: () => Promise<number>): Promise<number> =>
    step(name, async () => {
      const count = await run();
      return { count, value: count };
    });
  const call = { signal };
  const generated = Array.from({ length: symbols }, (_, index) => symbolName(index));
  const demo: Demo = { database, call, symbols: [SP500.symbol, ...generated] };

  await counted('migrations applied', async () => {
    await database.initializeSchema(call);
    return database.schema.version(call);
  });
  await counted('S&P 500 daily bars stored', async () => {
    const { rows } = await ingestFile(database, SP500.file, { ...SP500, restart: true, signal });
    return rows;
  });
  await counted('generated minute bars stored', () => storeGenerated(demo, { bars, symbols, seed }));
  const days = await step('daily bars aggregated', async () => {
    const value = await readDays(demo);
    return { count: [...value.values()].reduce((sum, list) => sum + list.length, 0), value };
  });
  const features = await counted('features stored', () => storeFeatures(demo, days));
  const predictions = await counted('predictions stored', () => storePredictions(demo));
  const evaluation = await step('outcomes stored', async () => {
    const value = await evaluatePredictions(demo, days);
    return { count: value.stored, value };
  });
  await counted('latest bars read', async () => {
    for (const symbol of generated) await database.getLatestMarketData(symbol, 1, call);
    return generated.length;
  });
  await counted('bars of one-day ranges read', () => readRanges(demo, days));
  await counted('weekly bars aggregated', () => countBars(demo, '1w'));
  await counted('monthly bars aggregated', () => countBars(demo, '1mo'));
  const cache = await checkCacheHits(demo);
  const [october2008] = (
    await database.getAggregatedData(
      {
        symbol: SP500.symbol,
        filters: { source: SP500.source },
        startTime: Date.UTC(2008, 9, 1),
        endTime: Date.UTC(2008, 10, 1),
        interval: '1mo',
      },
      { ...call, exact: true },
    )
  ).data;
  const verifications = await verify(demo, days, {
    bars,
    features,
    predictions,
    judgements: evaluation.judgements,
  });
  return {
    backends,
    seed,
    durationMs: performance.now() - started,
    steps,
    verifications,
    cache,
    october2008,
    performance: evaluation.performance,
    metrics: await database.getPerformanceMetrics(),
    operations: database.operationStatistics(),
  };
}

async function storeGenerated({ database, call }: Demo, options: GeneratorOptions): Promise<number> {
  const writer = await database.batchWriter({ durability: 'acknowledged' });
  try {
    const { acceptedCount } = await writer.writeAll('marketData', generatedBatches(options), call);
    return acceptedCount;
  } finally {
    await writer.close();
  }
}

function* generatedBatches(options: GeneratorOptions): Generator<MarketDataBatch> {
  for (const records of chunks(generatedBars(options), ROWS_PER_WRITE)) {
    yield { records, source: GENERATED_SOURCE };
  }
}

/** Returns bars of the last day of some symbols. */
async function readRanges({ database, call, symbols }: Demo, days: DaysBySymbol): Promise<number> {
  let read = 0;
  for (const symbol of symbols.slice(1, 1 + RANGES)) {
    const endTime = days.get(symbol)?.at(-1)?.endsAt;
    if (endTime === undefined) continue;
    const { data } = await database.getMarketData({ symbol, startTime: endTime - DAY_MS, endTime }, call);
    read += data.length;
  }
  return read;
}

async function countBars({ database, call }: Demo, interval: '1w' | '1mo'): Promise<number> {
  const counts = await Promise.all(
    [SP500.source, GENERATED_SOURCE].map(async (source) => {
      const { totalCount } = await database.getAggregatedData({ filters: { source }, interval }, call);
      return totalCount;
    }),
  );
  return counts.reduce((sum, value) => sum + value, 0);
}
