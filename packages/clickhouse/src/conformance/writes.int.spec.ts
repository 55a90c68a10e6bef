import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { timeSeriesWriteSuites } from '@quantumtrade/dal-conformance';
import { openOwnBackend } from '../testing/own-backend.js';

timeSeriesWriteSuites({ describe, it, beforeAll, afterAll, beforeEach, expect }, (options) =>
  openOwnBackend({}, options),
);
