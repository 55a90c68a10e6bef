import type {
  Cache,
  CacheEntry,
  CacheWrite,
  CallOptions,
  TimeSource,
  Decoder,
  KeyParts,
  SetIfUnchangedOptions,
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
  splitNotify,
} from '@quantumtrade/dal-domain';
import type { RunCommand } from '../commands/redis-commands.js';
import { isListOf, isNumber, isTextOrNull, type ReplyExpectation } from '../commands/replies.js';
import type { Script } from '../commands/scripts.js';
import { REDIS_SETTINGS } from '../settings.js';
import {
  deleteKey,
  getEntry,
  getEntryOrSet,
  isEntryOrNull,
  setIfUnchanged,
  setIfUnchangedUnpublished,
  writeIfNewer,
  type StoredEntry,
} from './cache-scripts.js';
import { deleteWhere } from './delete-where.js';

type Timed = { readonly timestamp: string };
type ScriptArguments = readonly (string | number)[];

/** Cache port on Redis: one command per call, apart from calls over many keys. */
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
    const text = await this.#run('cache.get', options, (redis) => redis.get(key), TEXT_REPLY);
    return text === null ? null : decodeCacheValue(text, decoder, 'cache.get');
  }

  getEntry<T>(key: string, decoder: Decoder<T>, options?: CallOptions): Promise<CacheEntry<T> | null> {
    return this.#readEntry('cache.getEntry', getEntry, key, [], decoder, options);
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
    return this.#readEntry(operation, getEntryOrSet, key, [text, ttlMs], decoder, options);
  }

  async getMany<T>(
    keys: readonly string[],
    decoder: Decoder<T>,
    options?: CallOptions,
  ): Promise<(T | null)[]> {
    const operation = 'cache.getMany';
    requireKeys(keys, operation);
    const texts = await this.#run(operation, options, (redis) => redis.mget(keys), {
      isReply: (texts) => isListOf(texts, isTextOrNull, keys.length),
      budgets: budgetsOf(keys),
    });
    return texts.map((text) => (text === null ? null : decodeCacheValue(text, decoder, operation)));
  }

  async getEntries<T>(
    keys: readonly string[],
    decoder: Decoder<T>,
    options?: CallOptions,
  ): Promise<(CacheEntry<T> | null)[]> {
    const operation = 'cache.getEntries';
    requireKeys(keys, operation);
    let sentAt = 0;
    const entries = await this.#run(
      operation,
      options,
      (redis) => {
        sentAt = this.#clock.now();
        return redis.evaluateMany<StoredEntry | null>(getEntry, keys);
      },
      { isReply: (entries) => isListOf(entries, isEntryOrNull, keys.length), budgets: budgetsOf(keys) },
    );
    return entries.map((entry) => entry && decodeEntry(entry, sentAt, decoder, operation));
  }

  async set(key: string, value: unknown, ttlSeconds: number, options?: CallOptions): Promise<void> {
    const { text, ttlMs } = encodeCacheWrite({ key, value, ttlSeconds }, 'cache.set');
    await this.#run('cache.set', options, (redis) => redis.set(key, text, 'PX', ttlMs), {
      isReply: isOk,
      bytes: Buffer.byteLength(text),
    });
  }

  async setMany(entries: readonly CacheWrite[], options?: CallOptions): Promise<void> {
    const writes = encodeCacheWrites(entries, 'cache.setMany');
    await this.#run('cache.setMany', options, (redis, isOver) => redis.setMany(writes, isOver), {
      budgets: budgetsOf(writes),
      bytes: writes.reduce((sum, { text }) => sum + Buffer.byteLength(text), 0),
    });
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
    options?: SetIfUnchangedOptions,
  ): Promise<boolean> {
    const operation = 'cache.setIfUnchanged';
    const { notify, limits } = splitNotify(options, operation);
    const script = notify ? setIfUnchanged : setIfUnchangedUnpublished;
    const { text, ttlMs } = encodeCacheWrite({ key, value, ttlSeconds }, operation);
    const expectedText = expected === undefined ? [] : [encodeCacheValue(expected, operation)];
    const args = [text, ttlMs, ...expectedText];
    return (await this.#evaluate(operation, script, key, args, limits)) === 1;
  }

  async delete(key: string, options?: CallOptions): Promise<boolean> {
    requireKey(key, 'cache.delete');
    return (await this.#evaluate('cache.delete', deleteKey, key, [], options)) === 1;
  }

  async deleteMany(keys: readonly string[], options?: CallOptions): Promise<number> {
    requireKeys(keys, 'cache.deleteMany');
    return this.#run('cache.deleteMany', options, (redis) => redis.del(keys), {
      isReply: isNumber,
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
    return (await this.#run('cache.exists', options, (redis) => redis.exists(key), NUMBER_REPLY)) > 0;
  }

  #evaluate(
    operation: string,
    script: Script,
    key: string,
    args: ScriptArguments,
    options: CallOptions | undefined,
  ): Promise<unknown> {
    return this.#run(operation, options, (redis) => redis.evaluate(script, key, args), needsOf(script, args));
  }

  async #readEntry<T>(
    operation: string,
    script: Script,
    key: string,
    args: ScriptArguments,
    decoder: Decoder<T>,
    options: CallOptions | undefined,
  ): Promise<CacheEntry<T> | null> {
    requireKey(key, operation);
    let sentAt = 0;
    const entry = await this.#run(
      operation,
      options,
      (redis) => {
        sentAt = this.#clock.now();
        return redis.evaluate(script, key, args) as Promise<StoredEntry | null>;
      },
      needsOf(script, args),
    );
    return entry && decodeEntry(entry, sentAt, decoder, operation);
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
    return (await this.#evaluate(operation, writeIfNewer, key, args, options)) === 1;
  }
}

const TEXT_REPLY: ReplyExpectation = { isReply: isTextOrNull };
const NUMBER_REPLY: ReplyExpectation = { isReply: isNumber };
const isOk = (reply: unknown) => reply === 'OK';

/** Number of keys for which a call has one budget. */
const KEYS_PER_BUDGET = 1_000;

const budgetsOf = ({ length }: { readonly length: number }): number =>
  Math.max(1, Math.ceil(length / KEYS_PER_BUDGET));

/** Returns the expectation of a call of a script, with the length of its values. */
function needsOf(script: Script, args: ScriptArguments): ReplyExpectation {
  if (args.length === 0) return script;
  let bytes = 0;
  for (const arg of args) if (typeof arg === 'string') bytes += Buffer.byteLength(arg);
  return { isReply: script.isReply, bytes };
}

/** Decodes an entry. It expires at the latest when its time to live, counted from sending the command, is over. */
function decodeEntry<T>(
  [text, ttlMs]: StoredEntry,
  sentAt: number,
  decoder: Decoder<T>,
  operation: string,
): CacheEntry<T> {
  const value = decodeCacheValue(text, decoder, operation);
  return { value, expiresAt: ttlMs < 0 ? Infinity : sentAt + ttlMs };
}
