import type { TestRunner } from '../runner.js';
import { analyticsSuite } from './analytics.js';
import { argumentSuite } from './arguments.js';
import { blockWriterSuite } from './block-writer.js';
import { callOrderSuite } from './call-order.js';
import { callSuite } from './calls.js';
import { checkpointSuite } from './checkpoints.js';
import { featureSuite } from './features.js';
import { guaranteeSuite } from './guarantees.js';
import { marketDataSuite } from './market-data.js';
import { outcomeSuite } from './outcomes.js';
import { predictionSuite } from './predictions.js';
import { queryPlanSuite } from './query-plans.js';
import { readAfterSuite } from './read-after.js';
import { recordSuite } from './records.js';
import { scanBudgetSuite } from './scan-budgets.js';
import { schemaSuite } from './schema.js';
import { sentimentSuite } from './sentiment.js';
import { shapeSuite } from './shapes.js';
import { strategyPerformanceSuite } from './strategy-performance.js';
import type { OpenTimeSeries } from './subject.js';
import { supersededRowSuite } from './superseded-rows.js';
import { versionSuite } from './versions.js';

/** Runs every suite of a time-series backend. `open` is called once for each suite. */
export function timeSeriesSuites(runner: TestRunner, open: OpenTimeSeries): void {
  recordSuite(runner, open);
  marketDataSuite(runner, open);
  sentimentSuite(runner, open);
  featureSuite(runner, open);
  predictionSuite(runner, open);
  outcomeSuite(runner, open);
  strategyPerformanceSuite(runner, open);
  analyticsSuite(runner, open);
  scanBudgetSuite(runner, open);
  queryPlanSuite(runner, open);
  blockWriterSuite(runner, open);
  supersededRowSuite(runner, open);
  versionSuite(runner, open);
  readAfterSuite(runner, open);
  checkpointSuite(runner, open);
  schemaSuite(runner, open);
  guaranteeSuite(runner, open);
  argumentSuite(runner, open);
  shapeSuite(runner, open);
  callOrderSuite(runner, open);
  callSuite(runner, open);
}
