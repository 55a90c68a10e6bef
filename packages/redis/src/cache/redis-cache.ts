import type {
  Cache,
  CacheEntry,
  CacheWrite,
  CallOptions,
  TimeSource,
  Decoder,
  KeyParts,
} from '@quantumtrade/dal-domain';
import {
  checkCall,
  decodeCacheValue,
  encodeCacheValue,
  encodeCacheWrite,
  encodeCacheWrites,
  requireKey,
  requireKeys,
  keysWhere,
  requireTimestamp,
  requireTtlMs,
} from '@quantumtrade/dal-domain';
import type { Expected } from '../commands/replies.js';
import { isListOf, isNumber, isText, isTextOrNothing } from '../commands/replies.js';
import type { Command, RunCommand, Script } from '../commands/commands.js';
import { deleteWhere } from './delete-where.js';
import { timedWrite } from './timed-write-script.js';
import { REDIS_SETTINGS } from '../settings.js';

type Timed = { readonly timestamp: string };
type StoredEntry = [text: string, ttlMs: number];

/** A value with its remaining life in ms (-1 for no end), read as a whole: no other write comes between. */
export const getWithTtl: Script = {
  name: 'qtdalGetWithTtl',
  short: true,
  readOnly: true,
  isAnswer: isEntryOrNothing,
  lua: `
local text = redis.call('GET', KEYS[1])
return text and { text, redis.call('PTTL', KEYS[1]) }
`,
};

/** As the first; where there is none, the key holds ARGV[1] for ARGV[2] ms afterwards, and nothing is returned. */
export const getWithTtlOrSet: Script = {
  name: 'qtdalGetWithTtlOrSet',
  short: true,
  isAnswer: isEntryOrNothing,
  hasWritten: (answer) => answer === null,
  lua: `
local text = redis.call('GET', KEYS[1])
if text then return { text, redis.call('PTTL', KEYS[1]) } end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return false
`,
};

/**
 * Writes a value if the stored one is what was expected. ARGV: the value, its life in ms, and the text expected, without
 * which there must be none. Returns 1 when it was written.
 */
export const setIfSame: Script = {
  name: 'qtdalSetIfSame',
  short: true,
  isAnswer: isNumber,
  lua: `
if redis.call('GET', KEYS[1]) ~= (ARGV[3] or false) then return 0 end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return 1
`,
};

/** Deletes a value. Returns 1 when there was one. */
export const deleteOne: Script = {
  name: 'qtdalDelete',
  short: true,
  isAnswer: isNumber,
  lua: `return redis.call('DEL', KEYS[1])`,
};

/** The cache port on Redis: one command a call, but for many keys. */
export class RedisCache implements Cache {
  readonly #run: RunCommand;
  readonly #clock: TimeSource;
  readonly #scanTimeoutMs: number;

  constructor(
    run: RunCommand,
    clock: TimeSource,
    scanTimeoutMs: number = REDIS_SETTINGS.scanTimeoutMs.default,
  ) {
    this.#run = run;
    this.#clock = clock;
    this.#scanTimeoutMs = scanTimeoutMs;
  }

  async get<T>(key: string, decoder: Decoder<T>, options?: CallOptions): Promise<T | null> {
    requireKey(key, 'cache.get');
    const text = await this.#run('cache.get', options, (redis) => redis.get(key), TEXT);
    return text === null ? null : decodeCacheValue(text, decoder, 'cache.get');
  }

  getEntry<T>(key: string, decoder: Decoder<T>, options?: CallOptions): Promise<CacheEntry<T> | null> {
    return this.#entry('cache.getEntry', getWithTtl, key, [], decoder, options);
  }

  async getEntryOrSet<T>(
    key: string,
    decoder: Decoder<T>,
    value: unknown,
    ttlSeconds: number,
    options?: CallOptions,
  ): Promise<CacheEntry<T> | null> {
    const operation = 'cache.getEntryOrSet';
    const { text, ttlMs } = encodeCacheWrite({ key, value, ttlSeconds }, operation);
    return this.#entry(operation, getWithTtlOrSet, key, [text, ttlMs], decoder, options);
  }

  async getMany<T>(
    keys: readonly string[],
    decoder: Decoder<T>,
    options?: CallOptions,
  ): Promise<(T | null)[]> {
    requireKeys(keys, 'cache.getMany');
    const texts = await this.#run('cache.getMany', options, (redis) => redis.mget(keys), {
      isAnswer: (texts) => isListOf(texts, isTextOrNothing, keys.length),
      budgets: budgetsOf(keys),
    });
    return texts.map((text) => (text === null ? null : decodeCacheValue(text, decoder, 'cache.getMany')));
  }

  async getEntries<T>(
    keys: readonly string[],
    decoder: Decoder<T>,
    options?: CallOptions,
  ): Promise<(CacheEntry<T> | null)[]> {
    const operation = 'cache.getEntries';
    requireKeys(keys, operation);
    let asked = 0;
    const ask: Command<(StoredEntry | null)[]> = (redis) => {
      asked = this.#clock.now();
      return redis.ask<StoredEntry | null>(getWithTtl, keys);
    };
    const stored = await this.#run(operation, options, ask, {
      isAnswer: (entries) => isListOf(entries, isEntryOrNothing, keys.length),
      budgets: budgetsOf(keys),
    });
    return stored.map((entry) => entry && entryOf(entry, asked, decoder, operation));
  }

  async set(key: string, value: unknown, ttlSeconds: number, options?: CallOptions): Promise<void> {
    const { text, ttlMs } = encodeCacheWrite({ key, value, ttlSeconds }, 'cache.set');
    await this.#run('cache.set', options, (redis) => redis.set(key, text, 'PX', ttlMs), DONE);
  }

  async setMany(entries: readonly CacheWrite[], options?: CallOptions): Promise<void> {
    const writes = encodeCacheWrites(entries, 'cache.setMany');
    const setAll: Command<void> = (redis, isOver) => redis.setAll(writes, isOver);
    await this.#run('cache.setMany', options, setAll, { budgets: budgetsOf(writes) });
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
    return (
      (await this.#run(operation, options, (redis) => redis.evaluate(setIfSame, key, args), setIfSame)) === 1
    );
  }

  async delete(key: string, options?: CallOptions): Promise<boolean> {
    requireKey(key, 'cache.delete');
    return (
      (await this.#run('cache.delete', options, (redis) => redis.evaluate(deleteOne, key, []), deleteOne)) ===
      1
    );
  }

  async deleteMany(keys: readonly string[], options?: CallOptions): Promise<number> {
    requireKeys(keys, 'cache.deleteMany');
    return this.#run('cache.deleteMany', options, (redis) => redis.del(keys), {
      isAnswer: isNumber,
      budgets: budgetsOf(keys),
    });
  }

  async deleteWhere<P extends string>(
    pattern: P,
    parts: Partial<KeyParts<P>>,
    options?: CallOptions,
  ): Promise<number> {
    const keys = keysWhere(pattern, parts, 'cache.deleteWhere');
    checkCall(options, 'cache.deleteWhere');
    const deadline = Math.min(options?.deadline ?? Infinity, Date.now() + this.#scanTimeoutMs);
    return deleteWhere(this.#run, keys, { ...options, deadline });
  }

  async exists(key: string, options?: CallOptions): Promise<boolean> {
    requireKey(key, 'cache.exists');
    return (await this.#run('cache.exists', options, (redis) => redis.exists(key), COUNT)) > 0;
  }

  async #entry<T>(
    operation: string,
    script: Script,
    key: string,
    args: readonly (string | number)[],
    decoder: Decoder<T>,
    options: CallOptions | undefined,
  ): Promise<CacheEntry<T> | null> {
    requireKey(key, operation);
    let asked = 0;
    const stored = await this.#run(
      operation,
      options,
      (redis) => {
        asked = this.#clock.now();
        return redis.evaluate(script, key, args) as Promise<StoredEntry | null>;
      },
      script,
    );
    return stored && entryOf(stored, asked, decoder, operation);
  }

  async #writeIfNewer(
    mode: 'set' | 'replace',
    key: string,
    value: Timed,
    ttlSeconds: number,
    options: CallOptions | undefined,
  ): Promise<boolean> {
    const operation = `cache.${mode}IfNewer`;
    requireKey(key, operation);
    const text = encodeCacheValue(value, operation);
    const ttlMs = requireTtlMs(ttlSeconds, operation);
    requireTimestamp(value, operation);
    const args = [text, ttlMs, value.timestamp, mode];
    return (
      (await this.#run(operation, options, (redis) => redis.evaluate(timedWrite, key, args), timedWrite)) ===
      1
    );
  }
}

const TEXT: Expected = { isAnswer: isTextOrNothing };
const COUNT: Expected = { isAnswer: isNumber };
const DONE: Expected = { isAnswer: (answer) => answer === 'OK' };

/** For how many keys a call has one budget. */
const KEYS_IN_BUDGET = 1_000;

const budgetsOf = ({ length }: { readonly length: number }): number =>
  Math.max(1, Math.ceil(length / KEYS_IN_BUDGET));

function isEntryOrNothing(answer: unknown): boolean {
  if (answer === null) return true;
  return Array.isArray(answer) && answer.length === 2 && isText(answer[0]) && isNumber(answer[1]);
}

function entryOf<T>(
  [text, ttlMs]: StoredEntry,
  asked: number,
  decoder: Decoder<T>,
  operation: string,
): CacheEntry<T> {
  const value = decodeCacheValue(text, decoder, operation);
  return { value, expiresAt: ttlMs < 0 ? Infinity : asked + ttlMs };
}
