import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { timeSeriesModelTest } from '@quantumtrade/dal-conformance';
import { memoryTimeSeries } from '@quantumtrade/dal-memory';
import { openOwnBackend } from './testing/own-backend.js';

const openMemory = async () => {
  const backend = memoryTimeSeries();
  return { backend, close: () => backend.probe.close() };
};

describe('ClickHouse against memory', () => {
  timeSeriesModelTest(
    { describe, it, beforeAll, afterAll, beforeEach, expect },
    openMemory,
    () => openOwnBackend(),
    { runs: 8 },
  );
});
