import type { TestRunner } from '../runner.js';
import { analyticsSuite } from './analytics.js';
import { argumentSuite } from './arguments.js';
import { backupSuite } from './backups.js';
import { blockWriterSuite } from './block-writer.js';
import { callOrderSuite } from './call-order.js';
import { callSuite } from './calls.js';
import { checkpointSuite } from './checkpoints.js';
import { featureSuite } from './features.js';
import { guaranteeSuite } from './guarantees.js';
import { marketDataSuite } from './market-data.js';
import { missingShardSuite } from './missing-shards.js';
import { outcomeSuite } from './outcomes.js';
import { predictionSuite } from './predictions.js';
import { queryPlanSuite } from './query-plans.js';
import { readAfterSuite } from './read-after.js';
import { recordSuite } from './records.js';
import { scanBudgetSuite } from './scan-budgets.js';
import { schemaSuite } from './schema.js';
import { sentimentSuite } from './sentiment.js';
import { shapeSuite } from './shapes.js';
import { copySuite } from './copies.js';
import { storageSuite } from './storage.js';
import { strategyPerformanceSuite } from './strategy-performance.js';
import type { OpenTimeSeries } from './subject.js';
import { supersededRowSuite } from './superseded-rows.js';
import { versionSuite } from './versions.js';

/** Runs every suite of a time-series backend. `open` is called once for each suite. */
export function timeSeriesSuites(runner: TestRunner, open: OpenTimeSeries): void {
  recordSuite(runner, open);
  timeSeriesRepositorySuites(runner, open);
  timeSeriesWriteSuites(runner, open);
  timeSeriesCallSuites(runner, open);
  backupSuite(runner, open);
}

/** Runs the suites of what each repository promises beyond rows of its record. */
export function timeSeriesRepositorySuites(runner: TestRunner, open: OpenTimeSeries): void {
  marketDataSuite(runner, open);
  sentimentSuite(runner, open);
  featureSuite(runner, open);
  predictionSuite(runner, open);
  outcomeSuite(runner, open);
  strategyPerformanceSuite(runner, open);
  analyticsSuite(runner, open);
  scanBudgetSuite(runner, open);
  queryPlanSuite(runner, open);
  missingShardSuite(runner, open);
}

/** Runs the suites of blocks, versions, reads after writes, checkpoints and the schema. */
export function timeSeriesWriteSuites(runner: TestRunner, open: OpenTimeSeries): void {
  blockWriterSuite(runner, open);
  supersededRowSuite(runner, open);
  versionSuite(runner, open);
  readAfterSuite(runner, open);
  checkpointSuite(runner, open);
  schemaSuite(runner, open);
  guaranteeSuite(runner, open);
  storageSuite(runner, open);
  copySuite(runner, open);
}

/** Runs the suites of the arguments, shapes, order and limits of calls. */
export function timeSeriesCallSuites(runner: TestRunner, open: OpenTimeSeries): void {
  argumentSuite(runner, open);
  shapeSuite(runner, open);
  callOrderSuite(runner, open);
  callSuite(runner, open);
}
