import type { TestRunner } from '../runner.js';
import { cacheSuite } from './cache-suite.js';
import { cacheCallSuite } from './call-suite.js';
import { entrySuite } from './entry-suite.js';
import { invalidationSuite } from './invalidation-suite.js';
import { keyspaceSuite } from './keyspace-suite.js';
import { losslessSuite } from './lossless-suite.js';
import { manySuite } from './many-suite.js';
import { marketStreamSuite } from './market-stream-suite.js';
import type { OpenCacheFactory } from './open-cache.js';
import { rateLimiterSuite } from './rate-limiter-suite.js';
import { realtimeSuite } from './realtime-suite.js';
import { sessionSuite } from './session-suite.js';
import { unchangedSuite } from './unchanged-suite.js';
import { whereSuite } from './where-suite.js';

/** Runs every suite of a cache backend. `open` returns a backend over an empty store each time. */
export function cacheSuites(runner: TestRunner, open: OpenCacheFactory): void {
  cacheCommandSuites(runner, open);
  cacheConnectionSuites(runner, open);
  losslessSuite(runner, open);
  keyspaceSuite(runner, open);
  realtimeSuite(runner, open);
  sessionSuite(runner, open);
}

/** Runs the suites of what depends on the commands that an adapter sends: each read, each write and its result. */
export function cacheCommandSuites(runner: TestRunner, open: OpenCacheFactory): void {
  cacheSuite(runner, open);
  entrySuite(runner, open);
  manySuite(runner, open);
  unchangedSuite(runner, open);
  whereSuite(runner, open);
  rateLimiterSuite(runner, open);
}

/** Runs the suites of what depends on an adapter's connections: invalidations, subscriptions and the limits of every call. */
export function cacheConnectionSuites(runner: TestRunner, open: OpenCacheFactory): void {
  invalidationSuite(runner, open);
  marketStreamSuite(runner, open);
  cacheCallSuite(runner, open);
}
