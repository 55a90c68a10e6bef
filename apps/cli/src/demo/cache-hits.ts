import type { CacheCheck } from './summary.js';
import type { Demo } from './demo.js';
import { SP500 } from './sp500.js';
import { HORIZON_MINUTES, MODEL_VERSION } from './strategies.js';

/** Makes three reads twice each: the first misses the cache, the second hits it. */
export async function checkCacheHits({ database, call }: Demo): Promise<CacheCheck[]> {
  const [prediction] = (
    await database.predictions.find(
      {
        symbol: SP500.symbol,
        filters: { modelVersion: MODEL_VERSION, predictionHorizon: String(HORIZON_MINUTES) },
        limit: 1,
      },
      call,
    )
  ).data;
  const questions: Record<string, () => Promise<unknown>> = {
    'latest bar': () => database.getLatestMarketData(SP500.symbol, 1, call),
    'latest features': () => database.getLatestFeatures(SP500.symbol, call),
    'prediction by id': () => database.getPrediction(prediction?.predictionId ?? 'none', call),
  };
  const hitRate = async () => (await database.getPerformanceMetrics()).cacheHitRate;
  const ask = async (question: () => Promise<unknown>) => {
    const before = await hitRate();
    const started = performance.now();
    await question();
    const durationMs = performance.now() - started;
    const after = await hitRate();
    return { hit: after > before || after === 1, durationMs };
  };
  const checks: CacheCheck[] = [];
  for (const [what, question] of Object.entries(questions)) {
    checks.push({ what, first: await ask(question), second: await ask(question) });
  }
  return checks;
}
