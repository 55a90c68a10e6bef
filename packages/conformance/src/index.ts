export * from './runner.js';
export type { OpenCache, OpenCacheFactory } from './cache/open-cache.js';
export { cacheSuites } from './cache/cache-suites.js';
export { errorOf, everythingOf } from './cache/error-of.js';
