import type { Cache, CacheWrite } from '@quantumtrade/dal-domain';
import { isDatabaseError, keysWhere, OPERATIONS } from '@quantumtrade/dal-domain';
import type { FirstLevel } from '../tiers/first-level.js';

/** Pending removals kept; beyond it the oldest are forgotten. */
const MAX_PENDING_REMOVALS = 10_000;

type Method = (...args: unknown[]) => Promise<unknown>;

/** Writes after which a key holds nothing old, whatever it held before. */
const REPLACING: ReadonlySet<string> = new Set<keyof Cache>(['set', 'setMany', 'delete', 'deleteMany']);

/**
 * Invalidations by this process. Its own writes drop values of the first level when they end, not when the connection reports
 * them. A key that could not be removed is a pending removal: this process does not read it until it is removed.
 */
export class LocalInvalidations {
  /** The second level for callers who write keys themselves: the first level drops each key before the write resolves. */
  readonly cache: Cache;
  /** Keys whose values may still be on the second level and must not be read. */
  readonly pendingRemovals: ReadonlySet<string>;
  readonly #firstLevel: FirstLevel;
  readonly #pending = new Set<string>();
  /** How often removals have failed. */
  #failureCount = 0;

  constructor(cache: Cache, firstLevel: FirstLevel) {
    this.#firstLevel = firstLevel;
    this.pendingRemovals = this.#pending;
    this.cache = this.#notifying(cache);
  }

  /** Adds keys that could not be removed. Reads of them that are under way are not kept. */
  addPendingRemovals(keys: readonly string[]): void {
    this.#failureCount++;
    for (const key of keys) this.#pending.add(key);
    this.#firstLevel.changed(keys);
    for (const key of this.#pending) {
      if (this.#pending.size <= MAX_PENDING_REMOVALS) return;
      this.#pending.delete(key);
    }
  }

  /** Forgets pending removals of keys that were removed or overwritten. */
  settle(keys: readonly string[]): void {
    if (this.#pending.size > 0) for (const key of keys) this.#pending.delete(key);
  }

  /** Drops keys that the second level is known not to hold, as if they had been removed now. */
  noteAbsent(keys: readonly string[]): void {
    this.#firstLevel.changed(keys);
    this.settle(keys);
  }

  /** Runs a deletion by pattern. A removal that fails meanwhile stays pending: its key may have been written behind the deletion. */
  async settleWhere<R>(isDeleted: (key: string) => boolean, deletion: () => Promise<R>): Promise<R> {
    const failureCount = this.#failureCount;
    const result = await deletion();
    if (failureCount === this.#failureCount) this.settle([...this.#pending].filter(isDeleted));
    return result;
  }

  #notifying(cache: Cache): Cache {
    const inner = cache as unknown as Readonly<Record<string, Method>>;
    const methods: Record<string, Method> = {};
    for (const [name, { access }] of Object.entries(OPERATIONS.cache)) {
      methods[name] =
        access === 'read'
          ? async (...args) => inner[name]!(...args)
          : (...args) => this.#write(name, args, () => inner[name]!(...args));
    }
    return methods as unknown as Cache;
  }

  async #write(name: string, args: readonly unknown[], write: () => Promise<unknown>): Promise<unknown> {
    try {
      const result = await (name === 'deleteWhere' ? this.#deleteWhere(args, write) : write());
      const keys = keysOfWrite(name, args);
      this.#firstLevel.changed(keys);
      if (REPLACING.has(name)) this.settle(keys as readonly string[]);
      return result;
    } catch (error) {
      // Nothing was sent of a write that was refused for its input.
      if (!isDatabaseError(error) || error.code !== 'VALIDATION')
        this.#firstLevel.changed(keysOfWrite(name, args));
      throw error;
    }
  }

  #deleteWhere([pattern, parts]: readonly unknown[], write: () => Promise<unknown>): Promise<unknown> {
    const { has } = keysWhere(pattern as string, parts as object, 'cache.deleteWhere');
    return this.settleWhere(has, write);
  }
}

/** Returns the keys of a write that the cache accepted. */
function keysOfWrite(name: string, [first]: readonly unknown[]): readonly string[] | 'all' {
  if (name === 'deleteWhere') return 'all';
  if (name === 'setMany') return (first as readonly CacheWrite[]).map(({ key }) => key);
  return name === 'deleteMany' ? (first as readonly string[]) : [first as string];
}
