import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { timeSeriesCallSuites } from '@quantumtrade/dal-conformance';
import { openOwnBackend } from '../testing/own-backend.js';

timeSeriesCallSuites({ describe, it, beforeAll, afterAll, beforeEach, expect }, (options) =>
  openOwnBackend({}, options),
);
