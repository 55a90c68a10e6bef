import type {
  Cache,
  CacheEntry,
  CacheWrite,
  CallOptions,
  Clock,
  Decoder,
  KeyParts,
} from '@quantumtrade/dal-domain';
import {
  decodeCacheValue,
  encodeCacheValue,
  encodeCacheWrite,
  keysWhere,
  requireTimestamp,
  requireTtlMs,
} from '@quantumtrade/dal-domain';
import type { RunCommand, Script } from '../client/commands.js';
import { deleteWhere } from './delete-where.js';
import { timedWrite } from './timed-write-script.js';

type Timed = { readonly timestamp: string };

/** A value with its remaining life in ms (-1 for no end), read as a whole: no other write comes between. */
export const getWithTtl: Script = {
  name: 'qtdalGetWithTtl',
  readOnly: true,
  lua: `
local text = redis.call('GET', KEYS[1])
return text and { text, redis.call('PTTL', KEYS[1]) }
`,
};

/**
 * Writes a value if the stored one is what was expected. ARGV: the value, its life in ms, and the text expected, without
 * which there must be none. Returns 1 when it was written.
 */
export const setIfSame: Script = {
  name: 'qtdalSetIfSame',
  lua: `
if redis.call('GET', KEYS[1]) ~= (ARGV[3] or false) then return 0 end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return 1
`,
};

/** The cache port on Redis: one command a call, but for many keys. */
export class RedisCache implements Cache {
  readonly #run: RunCommand;
  readonly #clock: Clock;
  readonly #scanTimeoutMs: number;

  constructor(run: RunCommand, clock: Clock, scanTimeoutMs = 60_000) {
    this.#run = run;
    this.#clock = clock;
    this.#scanTimeoutMs = scanTimeoutMs;
  }

  async get<T>(key: string, decoder: Decoder<T>, options?: CallOptions): Promise<T | null> {
    const text = await this.#run('cache.get', options, (redis) => redis.get(key));
    return text === null ? null : decodeCacheValue(text, decoder, 'cache.get');
  }

  async getEntry<T>(key: string, decoder: Decoder<T>, options?: CallOptions): Promise<CacheEntry<T> | null> {
    let asked = 0;
    const stored = await this.#run('cache.getEntry', options, (redis) => {
      asked = this.#clock.now();
      return redis.evaluate(getWithTtl, key, []) as Promise<[text: string, ttlMs: number] | null>;
    });
    if (stored === null) return null;
    const [text, ttlMs] = stored;
    const value = decodeCacheValue(text, decoder, 'cache.getEntry');
    return { value, expiresAt: ttlMs < 0 ? Infinity : asked + ttlMs };
  }

  async getMany<T>(
    keys: readonly string[],
    decoder: Decoder<T>,
    options?: CallOptions,
  ): Promise<(T | null)[]> {
    const texts = await this.#run('cache.getMany', options, (redis) => redis.mget(keys));
    return texts.map((text) => (text === null ? null : decodeCacheValue(text, decoder, 'cache.getMany')));
  }

  async set(key: string, value: unknown, ttlSeconds: number, options?: CallOptions): Promise<void> {
    const { text, ttlMs } = encodeCacheWrite({ key, value, ttlSeconds }, 'cache.set');
    await this.#run('cache.set', options, (redis) => redis.set(key, text, 'PX', ttlMs));
  }

  async setMany(entries: readonly CacheWrite[], options?: CallOptions): Promise<void> {
    const writes = entries.map((entry) => encodeCacheWrite(entry, 'cache.setMany'));
    await this.#run('cache.setMany', options, (redis) => redis.setAll(writes));
  }

  async setIfNewer(key: string, value: Timed, ttlSeconds: number, options?: CallOptions): Promise<boolean> {
    return this.#writeIfNewer('set', key, value, ttlSeconds, options);
  }

  async replaceIfNewer(
    key: string,
    value: Timed,
    ttlSeconds: number,
    options?: CallOptions,
  ): Promise<boolean> {
    return this.#writeIfNewer('replace', key, value, ttlSeconds, options);
  }

  async setIfUnchanged(
    key: string,
    expected: unknown,
    value: unknown,
    ttlSeconds: number,
    options?: CallOptions,
  ): Promise<boolean> {
    const operation = 'cache.setIfUnchanged';
    const { text, ttlMs } = encodeCacheWrite({ key, value, ttlSeconds }, operation);
    const before = expected === undefined ? [] : [encodeCacheValue(expected, operation)];
    const args = [text, ttlMs, ...before];
    return (await this.#run(operation, options, (redis) => redis.evaluate(setIfSame, key, args))) === 1;
  }

  async delete(key: string, options?: CallOptions): Promise<boolean> {
    return (await this.#run('cache.delete', options, (redis) => redis.del([key]))) > 0;
  }

  async deleteMany(keys: readonly string[], options?: CallOptions): Promise<number> {
    return this.#run('cache.deleteMany', options, (redis) => redis.del(keys));
  }

  async deleteWhere<P extends string>(
    pattern: P,
    parts: Partial<KeyParts<P>>,
    options?: CallOptions,
  ): Promise<number> {
    const keys = keysWhere(pattern, parts, 'cache.deleteWhere');
    const deadline = Math.min(options?.deadline ?? Infinity, Date.now() + this.#scanTimeoutMs);
    return deleteWhere(this.#run, keys, { ...options, deadline });
  }

  async exists(key: string, options?: CallOptions): Promise<boolean> {
    return (await this.#run('cache.exists', options, (redis) => redis.exists(key))) > 0;
  }

  async #writeIfNewer(
    mode: 'set' | 'replace',
    key: string,
    value: Timed,
    ttlSeconds: number,
    options: CallOptions | undefined,
  ): Promise<boolean> {
    const operation = `cache.${mode}IfNewer`;
    const text = encodeCacheValue(value, operation);
    const ttlMs = requireTtlMs(ttlSeconds, operation);
    requireTimestamp(value, operation);
    const args = [text, ttlMs, value.timestamp, mode];
    return (await this.#run(operation, options, (redis) => redis.evaluate(timedWrite, key, args))) === 1;
  }
}
