import { Cluster, type Redis } from 'ioredis';
import type { Random } from '@quantumtrade/dal-testing';
import { cached } from './keys.js';
import type { CacheWrites, Change } from './writer.js';

const TOLD_MS = 1_000;
const REPLICATED_MS = 1_000;

/** A client that knows nothing of our cache, and uses all the ways that Redis has. */
export class ForeignWrites implements CacheWrites {
  readonly #redis: Redis | Cluster;
  readonly #random: Random;
  /** Whether a master may have no replicas now. */
  readonly #mayBeAlone: (master: Redis) => boolean;

  constructor(redis: Redis | Cluster, random: Random, mayBeAlone = (_: Redis) => true) {
    this.#redis = redis;
    this.#redis.on('error', () => undefined);
    this.#random = random;
    this.#mayBeAlone = mayBeAlone;
  }

  /** A master that answers and is lost may take the change with it: who writes waits for its replicas. */
  async make(change: Change): Promise<readonly number[]> {
    const before = this.#masters().map(({ stream }) => stream);
    const told = await this.#make(change);
    for (const master of this.#masters()) await this.#replicated(master);
    const after = this.#masters().map(({ stream }) => stream);
    if (before.length !== after.length || before.some((stream, i) => stream !== after[i]))
      throw new Error('nobody knows whether replicas have it');
    return told;
  }

  tell(name: string): Promise<unknown> {
    return this.#redis.set(name, '', 'PX', TOLD_MS);
  }

  stop(): void {
    this.#redis.disconnect();
  }

  async #make(change: Change): Promise<readonly number[]> {
    const { keys, version, isAbsent } = change;
    const chosen = this.#random.next();
    if (chosen < 0.01) return this.#flush(change);
    if (chosen < 0.2) return this.#filter(keys, (name) => this.#redis.del(name));
    if (isAbsent || chosen < 0.3) return this.#filter(keys, (name) => this.#expire(name, change));
    if (keys.length > 1 && !(this.#redis instanceof Cluster)) {
      await this.#redis.mset(keys.flatMap((key) => [cached(key), version]));
      return keys;
    }
    for (const key of keys) {
      if (chosen < 0.6) await this.#redis.set(cached(key), version, 'PX', 20);
      else await this.#redis.set(cached(key), version);
    }
    return keys;
  }

  /** In a cluster a node may be missing that has just become a master. */
  async #flush(change: Change): Promise<readonly number[]> {
    for (const master of this.#masters()) await master.flushall();
    if (this.#redis instanceof Cluster) await this.#filter(change.keys, (name) => this.#expire(name, change));
    return change.keys;
  }

  /** The keys of which the cache held anything: of others it tells nobody. */
  async #filter(
    keys: readonly number[],
    change: (name: string) => Promise<number>,
  ): Promise<readonly number[]> {
    const changed: number[] = [];
    for (const key of keys) if ((await change(cached(key))) > 0) changed.push(key);
    return changed;
  }

  /**
   * Until nothing older is held. The mark of a load begun before may be, on which the load would still store its value. How
   * often there was anything.
   */
  async #expire(name: string, { version, isAbsent }: Change): Promise<number> {
    const isCurrent = (text: string) => (isAbsent ? text.includes('"absent"') : Number(text) >= version);
    for (let times = 0; ;) {
      times += await this.#redis.pexpire(name, 1);
      const text = await this.#redis.get(name);
      if (text === null || isCurrent(text)) return times;
    }
  }

  /** Resolves when all replicas that are in step have what was written on this connection. */
  async #replicated(master: Redis): Promise<void> {
    const [role, , replicas] = (await master.role()) as [string, number, unknown[]];
    if (role !== 'master') throw new Error('it is the master no more');
    if (replicas.length === 0 && this.#mayBeAlone(master)) return;
    const count = Math.max(1, replicas.length);
    if ((await master.wait(count, REPLICATED_MS)) < count) throw new Error('replicas do not have it');
  }

  #masters(): Redis[] {
    return this.#redis instanceof Cluster ? this.#redis.nodes('master') : [this.#redis];
  }
}
