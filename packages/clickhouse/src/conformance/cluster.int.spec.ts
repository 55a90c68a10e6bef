import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { OpenTimeSeries } from '@quantumtrade/dal-conformance';
import {
  backupSuite,
  recordSuite,
  timeSeriesCallSuites,
  timeSeriesModelTest,
  timeSeriesRepositorySuites,
  timeSeriesWriteSuites,
} from '@quantumtrade/dal-conformance';
import { memoryTimeSeries } from '@quantumtrade/dal-memory';
import { OwnCluster } from '../testing/own-cluster.js';

/** Whether every suite is run. */
const IS_LONG = process.env['QT_CLUSTER'] === 'long';
/** Suites that take long, or whose calls do not get to the servers. */
const LONG_ONLY = [
  ...['rows of sentiment', 'rows of predictions', 'rows of outcomes', 'rows of strategyPerformance'],
  ...['blocks', 'schema', 'guarantees', 'arguments', 'shapes', 'order of checks', 'calls'],
];

let cluster: OwnCluster;
beforeAll(async () => {
  cluster = await OwnCluster.start();
});
afterAll(() => cluster.stop());

const open: OpenTimeSeries = (options) => cluster.open(options);
const openMemory: OpenTimeSeries = async () => {
  const backend = memoryTimeSeries();
  return { backend, close: () => backend.probe.close() };
};

const runner = {
  ...{ it, beforeAll, afterAll, beforeEach, expect },
  describe: (name: string, body: () => void) =>
    IS_LONG || !LONG_ONLY.includes(name) ? describe(name, body) : undefined,
};
recordSuite(runner, open);
timeSeriesRepositorySuites(runner, open);
timeSeriesWriteSuites(runner, open);
timeSeriesCallSuites(runner, open);
backupSuite(runner, open);
describe('cluster against memory', () => {
  timeSeriesModelTest(runner, openMemory, open, { runs: IS_LONG ? 20 : 2 });
});
