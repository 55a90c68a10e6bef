import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { timeSeriesSuites } from '@quantumtrade/dal-conformance';
import { openOwnBackend } from './testing/own-backend.js';

timeSeriesSuites({ describe, it, beforeAll, afterAll, beforeEach, expect }, (options) =>
  openOwnBackend({}, options),
);
