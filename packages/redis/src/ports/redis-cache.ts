import type { Cache, CallOptions, Decoder } from '@quantumtrade/dal-domain';
import { decodeCacheValue, encodeCacheValue, requireTimestamp, requireTtlMs } from '@quantumtrade/dal-domain';
import type { RunCommand } from '../client/commands.js';
import { timedWrite } from './timed-write-script.js';

type Timed = { readonly timestamp: string };

/** The cache port on Redis: one command a call. */
export class RedisCache implements Cache {
  readonly #run: RunCommand;

  constructor(run: RunCommand) {
    this.#run = run;
  }

  async get<T>(key: string, decoder: Decoder<T>, options?: CallOptions): Promise<T | null> {
    const text = await this.#run('cache.get', options, (redis) => redis.get(key));
    return text === null ? null : decodeCacheValue(text, decoder, 'cache.get');
  }

  async set(key: string, value: unknown, ttlSeconds: number, options?: CallOptions): Promise<void> {
    const text = encodeCacheValue(value, 'cache.set');
    const ttlMs = requireTtlMs(ttlSeconds, 'cache.set');
    await this.#run('cache.set', options, (redis) => redis.set(key, text, 'PX', ttlMs));
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

  async delete(key: string, options?: CallOptions): Promise<boolean> {
    return (await this.#run('cache.delete', options, (redis) => redis.del(key))) > 0;
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
