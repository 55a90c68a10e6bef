import { randomUUID } from 'node:crypto';
import type {
  CallOptions,
  TimeSource,
  RateLimitDecision,
  RateLimitFallback,
  RateLimiter,
  RateLimitRequest,
} from '@quantumtrade/dal-domain';
import { decisionWithoutStore, rateLimitDecision, rateLimitOf } from '@quantumtrade/dal-domain';
import { isNumber, isTuple } from '../commands/replies.js';
import type { RunCommand } from '../commands/redis-commands.js';
import type { Script } from '../commands/scripts.js';

/**
 * Counts a request in a sliding window, a sorted set of the allowed requests with their instants as scores.
 * ARGV: the window in ms, the limit, the request's cost, its unique name, and the instant; the server's time without it.
 * Returns the cost in the window, and the wait in ms, which is 0 when the request is allowed and included.
 *
 * The name of a request that costs more than 1 ends with `*` and the cost. While the set has such requests, the score of its
 * member `extra`, which is below every instant, encodes their cost beyond 1 each: the size of the set and that member are the
 * total cost.
 */
export const slidingWindow: Script = {
  name: 'qtdalSlidingWindow',
  batchable: true,
  isReply: (reply) => isTuple(reply, isNumber, isNumber),
  lua: `
local window, limit, cost = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local now = tonumber(ARGV[5])
if not now then
  local time = redis.call('TIME')
  now = time[1] * 1000 + math.floor(time[2] / 1000)
end
local first_instant = -8640000000000000
local function cost_of(request) return tonumber(request:match('%*(%d+)$')) or 1 end

local noted = redis.call('ZSCORE', KEYS[1], 'extra')
local extra = noted and first_instant - noted or 0
local function note()
  if extra > 0 then redis.call('ZADD', KEYS[1], first_instant - extra, 'extra')
  elseif noted then redis.call('ZREM', KEYS[1], 'extra') end
end

if noted then
  local gone = redis.call('ZRANGEBYSCORE', KEYS[1], first_instant, now - window)
  for _, request in ipairs(gone) do extra = extra - cost_of(request) + 1 end
  if #gone > 0 then note() end
end
redis.call('ZREMRANGEBYSCORE', KEYS[1], first_instant, now - window)
local before = extra > 0 and 1 or 0
local count = redis.call('ZCARD', KEYS[1]) - before + extra

local too_much = cost - (limit - count)
if too_much > 0 then
  local from = before
  if extra == 0 then
    from = too_much - 1
    too_much = 1
  end
  while true do
    local page = redis.call('ZRANGE', KEYS[1], from, from + 99, 'WITHSCORES')
    if #page == 0 then return { count, window } end
    for i = 1, #page, 2 do
      too_much = too_much - cost_of(page[i])
      if too_much <= 0 then return { count, page[i + 1] + window - now } end
    end
    from = from + 100
  end
end

local request = ARGV[4]
if cost > 1 then
  extra = extra + cost - 1
  request = request .. '*' .. ARGV[3]
  note()
end
redis.call('ZADD', KEYS[1], now, request)
redis.call('PEXPIRE', KEYS[1], window)
return { count + cost, 0 }
`,
};

const OPERATION = 'rateLimiter.consume';

/** Rate limiter port on Redis: one script per call, exact across all clients of the server. */
export class RedisRateLimiter implements RateLimiter {
  readonly #run: RunCommand;
  readonly #clock: TimeSource | undefined;
  readonly #fallback: RateLimitFallback;
  /** Prefix of this limiter's request names, unique among all processes. */
  readonly #id = randomUUID();
  #requestCount = 0;

  /** Without a clock, the server's time is used, the same for all its clients. `fallback` decides where a request does not. */
  constructor(run: RunCommand, clock: TimeSource | undefined, fallback: RateLimitFallback = 'reject') {
    this.#run = run;
    this.#clock = clock;
    this.#fallback = fallback;
  }

  async consume(request: RateLimitRequest, options?: CallOptions): Promise<RateLimitDecision> {
    const { key, limit, cost, windowMs } = rateLimitOf(request, OPERATION);
    try {
      const reply = await this.#run(
        OPERATION,
        options,
        (redis) => {
          const name = `${this.#id}:${this.#requestCount++}`;
          const now = this.#clock ? [this.#clock.now()] : [];
          return redis.evaluate(slidingWindow, key, [windowMs, limit, cost, name, ...now]);
        },
        slidingWindow,
      );
      const [counted, retryAfterMs] = reply as [number, number];
      return rateLimitDecision(limit, counted, retryAfterMs);
    } catch (error) {
      return decisionWithoutStore(request, error, this.#fallback);
    }
  }
}
