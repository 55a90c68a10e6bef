import type { RedisSettings } from '@quantumtrade/dal-redis';
import { type Random, until } from '@quantumtrade/dal-testing';
import { REPLICAS, SentinelProcesses } from '@quantumtrade/dal-testing/redis';
import { Redis } from 'ioredis';
import { ForeignWrites } from './foreign-writes.js';
import type { SharedRedis } from './shared-redis.js';
import type { CacheWrites } from './writer.js';

/** A master with two replicas, found through Sentinels. */
export class RedisBehindSentinels implements SharedRedis {
  /** A sign of life is asked for every second, and may take two. */
  readonly boundMs = 3_000;
  readonly #processes: SentinelProcesses;

  private constructor(processes: SentinelProcesses) {
    this.#processes = processes;
  }

  static async start(): Promise<RedisBehindSentinels> {
    return new RedisBehindSentinels(await SentinelProcesses.start());
  }

  settingsOf(): RedisSettings {
    return { url: 'redis://any', sentinel: this.#processes.settings };
  }

  async writes(random: Random): Promise<CacheWrites> {
    const { name, nodes, password } = this.#processes.settings;
    const found = { name, sentinels: nodes, sentinelPassword: password };
    const patient = { maxRetriesPerRequest: null, retryStrategy: () => 50, sentinelRetryStrategy: () => 50 };
    return new ForeignWrites(new Redis({ ...found, ...patient }), random, () => false);
  }

  /** Kills the master. Resolves when a replica has taken over. */
  async kill(): Promise<void> {
    const master = (await this.#processes.master())!;
    await master.kill();
    await until(async () => ![master, undefined].includes(await this.#processes.master()));
  }

  /**
   * Starts the server again that was killed, as a replica of the master. Resolves when both replicas follow it: one that does
   * not could be chosen next, without what writers know the other to have.
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
