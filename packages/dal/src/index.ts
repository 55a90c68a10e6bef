export type { CachedFeatures } from './caching/features.js';
export { DatabaseAbstraction, type DatabaseParts } from './database-abstraction.js';
