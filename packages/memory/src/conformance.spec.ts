import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { timeSeriesSuites } from '@quantumtrade/dal-conformance';
import { memoryTimeSeries } from './time-series.js';

timeSeriesSuites({ describe, it, beforeAll, afterAll, beforeEach, expect }, async (options) => {
  const backend = memoryTimeSeries(options);
  return { backend, close: () => backend.probe.close() };
});
