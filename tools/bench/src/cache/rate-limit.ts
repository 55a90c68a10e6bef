import { connectRedis } from '@quantumtrade/dal-redis';
import { Redis } from 'ioredis';
import type { Result } from '../bench.js';
import { eachSide } from '../bench.js';
import { closedLoop, inPercentiles, inThroughput, inWarmRounds, openLoop } from '../loads.js';
import { withSides } from './side.js';
import { sized } from '../sized.js';

const ROUNDS = sized(5, 1);
const USERS = 10_000;
const LIMIT = 1_000;
const ENDPOINT = '/predictions';

type Call = (n: number) => Promise<void>;

interface Limiter {
  consume(userId: string): Promise<boolean>;
  close(): Promise<unknown>;
}

/** One user after another asks whether a call is within the limit, which it is. */
export async function* rateLimit(url: string): AsyncGenerator<Result> {
  const sides = { ours: ours(url), 'ioredis script': script(url) };
  yield* withSides(sides, async function* () {
    const calls = eachSide<Limiter, Call>(sides, (side) => async (n) => {
      if (!(await side.consume(`user-${n % USERS}`))) throw new Error('within the limit and refused');
    });
    const closed = await inWarmRounds(ROUNDS, { callers: 100, forMs: sized(500, 20) }, calls, closedLoop);
    yield* inThroughput('rate limiter, 100 callers', 'calls', closed);
    yield* inPercentiles('rate limiter, 100 callers', closed);
    const open = await inWarmRounds(ROUNDS, { rate: 5_000, forMs: sized(500, 20) }, calls, openLoop);
    yield* inPercentiles('rate limiter, 5,000 calls/s due', open);
  });
}

function ours(url: string): Limiter {
  const { rateLimiter, probe } = connectRedis({
    url,
    keyPrefix: 'limits:',
    invalidation: 'none',
    budgetMs: 10_000,
  });
  return {
    consume: async (userId) =>
      (await rateLimiter.consume({ userId, endpoint: ENDPOINT, limit: LIMIT })).allowed,
    close: () => probe.close(),
  };
}

/** A sliding window as it is commonly written: by the caller's clock. */
const SLIDING_WINDOW = `
redis.call('ZREMRANGEBYSCORE', KEYS[1], 0, ARGV[1] - 60000)
if redis.call('ZCARD', KEYS[1]) >= tonumber(ARGV[2]) then return 0 end
redis.call('ZADD', KEYS[1], ARGV[1], ARGV[3])
redis.call('PEXPIRE', KEYS[1], 60000)
return 1
`;

function script(url: string): Limiter {
  const scripts = { slidingWindow: { lua: SLIDING_WINDOW, numberOfKeys: 1 } };
  const redis = new Redis(url, { scripts }) as Redis & {
    slidingWindow(key: string, now: number, limit: number, request: string): Promise<number>;
  };
  let requests = 0;
  return {
    consume: async (userId) =>
      (await redis.slidingWindow(`limits-raw:${userId}:${ENDPOINT}`, Date.now(), LIMIT, `${requests++}`)) ===
      1,
    close: () => redis.quit(),
  };
}
