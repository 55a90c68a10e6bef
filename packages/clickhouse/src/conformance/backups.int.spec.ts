import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { backupSuite } from '@quantumtrade/dal-conformance';
import { openWithSideDatabases } from '../testing/side-databases.js';

backupSuite({ describe, it, beforeAll, afterAll, beforeEach, expect }, (options) =>
  openWithSideDatabases({}, options),
);
