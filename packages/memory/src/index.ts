export { ManualClock } from '@quantumtrade/dal-runtime';
export * from './time-series.js';
export { memoryCacheBackend } from './cache/cache-backend.js';
export { memoryDeadLetters } from './dead-letters.js';
