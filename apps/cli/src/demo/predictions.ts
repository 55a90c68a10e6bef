import type { PredictionOutcome, StrategyPerformance } from '@quantumtrade/dal-domain';
import { chunks } from './collections.js';
import type { Demo } from './demo.js';
import { judge, performanceByRegime } from './evaluation.js';
import type { DaysBySymbol } from './features.js';
import { FEATURE_VERSION } from './features.js';
import { HORIZON_MINUTES, MODEL_VERSION, predict, STRATEGIES } from './strategies.js';

const ROWS_PER_WRITE = 20_000;

/** Stores the predictions of each strategy from the stored features. Returns their number. */
export async function storePredictions({ database, call, symbols }: Demo): Promise<number> {
  const filters = { featureVersion: String(FEATURE_VERSION) };
  let stored = 0;
  const sets = [];
  for (const symbol of symbols) {
    for (const set of (await database.getFeatures({ symbol, filters }, call)).data) sets.push(set);
  }
  for (const strategy of STRATEGIES) {
    for (const predictions of chunks(predict(strategy, sets), ROWS_PER_WRITE)) {
      const batch = { predictions, modelVersion: MODEL_VERSION, strategy };
      const { insertedCount, updatedCount } = await database.insertPredictions(batch, call);
      stored += insertedCount + updatedCount;
    }
  }
  return stored;
}

/** Evaluates due predictions, and stores the performance of each strategy. */
export async function evaluatePredictions(
  { database, call }: Demo,
  days: DaysBySymbol,
): Promise<{ stored: number; judgements: number; performance: StrategyPerformance[] }> {
  const due = await database.getPredictionsForEvaluation(HORIZON_MINUTES, call);
  const own = due.data.filter(({ modelVersion }) => modelVersion === MODEL_VERSION);
  let stored = 0;
  for (const outcomes of chunks(judge(own, days, Date.now()), ROWS_PER_WRITE)) {
    const { insertedCount, updatedCount } = await database.outcomes.insert({ outcomes }, call);
    stored += insertedCount + updatedCount;
  }
  const performance: StrategyPerformance[] = [];
  let judgements = 0;
  for (const strategyName of STRATEGIES) {
    const outcomes: PredictionOutcome[] = [];
    for await (const rows of database.outcomes.stream({ filters: { strategyName } }, call)) {
      outcomes.push(...rows);
    }
    const records = performanceByRegime(outcomes);
    judgements += records.length;
    await database.strategyPerformance.insert({ records }, call);
    performance.push(...(await database.strategyPerformance.find({ filters: { strategyName } }, call)).data);
  }
  return { stored, judgements, performance };
}
