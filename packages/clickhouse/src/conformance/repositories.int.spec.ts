import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { timeSeriesRepositorySuites } from '@quantumtrade/dal-conformance';
import { openOwnBackend } from '../testing/own-backend.js';

timeSeriesRepositorySuites({ describe, it, beforeAll, afterAll, beforeEach, expect }, (options) =>
  openOwnBackend({}, options),
);
