import { Cluster, type Redis } from 'ioredis';
import type { Random } from '@quantumtrade/dal-testing';
import { cached } from './cache-keys.js';
import type { CacheClient, VersionChange } from './cache-writer.js';

const ANNOUNCEMENT_TTL_MS = 1_000;
const REPLICATION_TIMEOUT_MS = 1_000;

/** Redis client without this library, which changes values in all ways that Redis has. */
export class ForeignClient implements CacheClient {
  readonly #redis: Redis | Cluster;
  readonly #random: Random;
  /** Whether a master may have no replica at present. */
  readonly #mayLackReplicas: (master: Redis) => boolean;

  constructor(redis: Redis | Cluster, random: Random, mayLackReplicas = (_: Redis) => true) {
    this.#redis = redis;
    this.#redis.on('error', () => undefined);
    this.#random = random;
    this.#mayLackReplicas = mayLackReplicas;
  }

  /** Applies a change and waits for the replicas: a master that is killed may lose what it acknowledged. */
  async apply(change: VersionChange): Promise<readonly number[]> {
    const before = this.#masters().map(({ stream }) => stream);
    const notified = await this.#write(change);
    for (const master of this.#masters()) await this.#awaitReplicas(master);
    const after = this.#masters().map(({ stream }) => stream);
    if (before.length !== after.length || before.some((stream, i) => stream !== after[i]))
      throw new Error('the masters have changed: replication is unknown');
    return notified;
  }

  announce(name: string): Promise<unknown> {
    return this.#redis.set(name, '', 'PX', ANNOUNCEMENT_TTL_MS);
  }

  stop(): void {
    this.#redis.disconnect();
  }

  async #write(change: VersionChange): Promise<readonly number[]> {
    const { keys, version, isAbsent } = change;
    const chosen = this.#random.next();
    if (chosen < 0.01) return this.#flush(change);
    if (chosen < 0.2) return this.#changed(keys, (name) => this.#redis.del(name));
    if (isAbsent || chosen < 0.3) return this.#changed(keys, (name) => this.#expire(name, change));
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

  /** Flushes all masters. A new master of a cluster may be missing from the list, so expires the keys as well. */
  async #flush(change: VersionChange): Promise<readonly number[]> {
    for (const master of this.#masters()) await master.flushall();
    if (this.#redis instanceof Cluster)
      await this.#changed(change.keys, (name) => this.#expire(name, change));
    return change.keys;
  }

  /** Returns the keys that held a value: a change of other keys causes no notification. */
  async #changed(
    keys: readonly number[],
    change: (name: string) => Promise<number>,
  ): Promise<readonly number[]> {
    const changed: number[] = [];
    for (const key of keys) if ((await change(cached(key))) > 0) changed.push(key);
    return changed;
  }

  /**
   * Expires a key until it holds nothing older than the change, such as the lease of a load that would still store its value.
   * Returns how often there was a value.
   */
  async #expire(name: string, { version, isAbsent }: VersionChange): Promise<number> {
    const isCurrent = (text: string) => (isAbsent ? text.includes('"absent"') : Number(text) >= version);
    for (let times = 0; ;) {
      times += await this.#redis.pexpire(name, 1);
      const text = await this.#redis.get(name);
      if (text === null || isCurrent(text)) return times;
    }
  }

  /** Waits until all connected replicas have the writes of this connection. */
  async #awaitReplicas(master: Redis): Promise<void> {
    const [role, , replicas] = (await master.role()) as [string, number, unknown[]];
    if (role !== 'master') throw new Error('the node is no longer the master');
    if (replicas.length === 0 && this.#mayLackReplicas(master)) return;
    const count = Math.max(1, replicas.length);
    if ((await master.wait(count, REPLICATION_TIMEOUT_MS)) < count)
      throw new Error('the replicas lack the change');
  }

  #masters(): Redis[] {
    return this.#redis instanceof Cluster ? this.#redis.nodes('master') : [this.#redis];
  }
}
