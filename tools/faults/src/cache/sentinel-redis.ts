import type { RedisSettings } from '@quantumtrade/dal-redis';
import { type Random, until } from '@quantumtrade/dal-testing';
import { REPLICAS, SentinelProcesses } from '@quantumtrade/dal-testing/redis';
import { Redis } from 'ioredis';
import { ForeignClient } from './foreign-client.js';
import type { SharedRedis } from './shared-redis.js';
import type { CacheClient } from './cache-writer.js';

/** A master with two replicas behind Sentinels. */
export class SentinelRedis implements SharedRedis {
  /** Heartbeats are sent every second and may take two. */
  readonly stalenessBoundMs = 3_000;
  readonly #processes: SentinelProcesses;

  private constructor(processes: SentinelProcesses) {
    this.#processes = processes;
  }

  static async start(): Promise<SentinelRedis> {
    return new SentinelRedis(await SentinelProcesses.start());
  }

  settingsOf(): RedisSettings {
    return { url: 'redis://any', sentinel: this.#processes.settings };
  }

  async client(random: Random): Promise<CacheClient> {
    const { name, nodes, password } = this.#processes.settings;
    const sentinels = { name, sentinels: nodes, sentinelPassword: password };
    const patient = { maxRetriesPerRequest: null, retryStrategy: () => 50, sentinelRetryStrategy: () => 50 };
    return new ForeignClient(new Redis({ ...sentinels, ...patient }), random, () => false);
  }

  /** Kills the master. Resolves when a replica has taken over. */
  async kill(): Promise<void> {
    const master = (await this.#processes.master())!;
    await master.kill();
    await until(async () => ![master, undefined].includes(await this.#processes.master()));
  }

  /**
   * Starts the killed server again as a replica of the master. Resolves when both replicas follow the master: otherwise the next
   * failover could choose one that lacks acknowledged writes.
   */
  async restore(): Promise<void> {
    const master = (await this.#processes.master())!;
    const server = this.#processes.servers.find(({ isRunning }) => !isRunning)!;
    await server.start();
    const [redis, leader] = [new Redis(server.url), new Redis(master.url)];
    await redis.replicaof('127.0.0.1', master.port);
    await until(async () => {
      const [, , replicas] = (await leader.role()) as [string, number, unknown[]];
      return replicas.length === REPLICAS;
    });
    redis.disconnect();
    leader.disconnect();
    await this.#processes.settled();
  }

  stop(): Promise<void> {
    return this.#processes.stop();
  }
}
