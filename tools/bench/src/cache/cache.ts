import type { Bench } from '../bench.js';
import { facade } from './facade.js';
import { hits } from './hits.js';
import { invalidation } from './invalidation.js';
import { misses } from './misses.js';
import { rateLimit } from './rate-limit.js';
import { hitsAtFixedRates } from './rates.js';
import type { RedisServer } from './redis-server.js';
import { readsBeyondTheFirstLevel, secondLevelReads } from './second-level.js';
import { writes } from './writes.js';

/** Cached features of symbols, all sides on one Redis, each on keys of its own. */
export const cache: Bench<RedisServer> = async function* ({ url }) {
  yield* hitsAtFixedRates(url);
  yield* hits(url);
  yield* facade(url);
  yield* secondLevelReads(url);
  yield* readsBeyondTheFirstLevel(url);
  yield* misses(url);
  yield* writes(url);
  yield* invalidation(url);
  yield* rateLimit(url);
};
