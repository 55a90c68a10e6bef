import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { recordSuite } from '@quantumtrade/dal-conformance';
import { openOwnBackend } from '../testing/own-backend.js';

recordSuite({ describe, it, beforeAll, afterAll, beforeEach, expect }, (options) =>
  openOwnBackend({}, options),
);
