export type { Expectation, TestRunner } from './runner.js';
export type { OpenCache, OpenCacheFactory } from './cache/open-cache.js';
export { cacheCommandSuites, cacheConnectionSuites, cacheSuites } from './cache/cache-suites.js';
export { RecordingListener } from './cache/invalidation-suite.js';
export { foreignFailures, printedForms, rejectionOf } from './failures.js';
export type { OpenTimeSeries, TimeSeriesSubject } from './time-series/subject.js';
export { analyticsSuite } from './time-series/analytics.js';
export { argumentSuite } from './time-series/arguments.js';
export { backupSuite } from './time-series/backups.js';
export { blockWriterSuite } from './time-series/block-writer.js';
export { callOrderSuite } from './time-series/call-order.js';
export { callSuite } from './time-series/calls.js';
export { checkpointSuite } from './time-series/checkpoints.js';
export { featureSuite } from './time-series/features.js';
export { guaranteeSuite } from './time-series/guarantees.js';
export { marketDataSuite } from './time-series/market-data.js';
export { methodCases, type MethodCase } from './time-series/method-cases.js';
export { outcomeSuite } from './time-series/outcomes.js';
export { predictionSuite } from './time-series/predictions.js';
export { queryPlanSuite } from './time-series/query-plans.js';
export { recordSuite } from './time-series/records.js';
export { scanBudgetSuite } from './time-series/scan-budgets.js';
export { schemaSuite } from './time-series/schema.js';
export { sentimentSuite } from './time-series/sentiment.js';
export { shapeSuite } from './time-series/shapes.js';
export { strategyPerformanceSuite } from './time-series/strategy-performance.js';
export {
  timeSeriesCallSuites,
  timeSeriesRepositorySuites,
  timeSeriesSuites,
  timeSeriesWriteSuites,
} from './time-series/suites.js';
export type { ModelTestSettings } from './time-series/model.js';
export { timeSeriesModelTest } from './time-series/model.js';
export type { OpenObjectStore, OpenObjectStoreFactory } from './object-store/open-object-store.js';
export { objectStoreModelTest } from './object-store/object-store-model.js';
export { objectStoreSuite } from './object-store/object-store-suite.js';
