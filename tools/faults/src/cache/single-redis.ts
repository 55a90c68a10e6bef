import type { InvalidationMode, RedisSettings } from '@quantumtrade/dal-redis';
import { Random } from '@quantumtrade/dal-testing';
import { RedisProcess } from '@quantumtrade/dal-testing/redis';
import { Redis } from 'ioredis';
import { ForeignClient } from './foreign-client.js';
import { LibraryClient } from './library-client.js';
import { RedisFaultProxy } from './redis-fault-proxy.js';
import type { SharedRedis } from './shared-redis.js';
import type { CacheClient } from './cache-writer.js';

/** One server with a fault proxy for each process. Without tracking, the writers are clients of this library. */
export class SingleRedis implements SharedRedis {
  /** Heartbeats are sent every second and may take two. */
  readonly stalenessBoundMs = 3_000;
  readonly server: RedisProcess;
  readonly proxies: readonly RedisFaultProxy[];
  /** Proxies of the writers, if they are clients of this library. */
  readonly writerProxies: RedisFaultProxy[] = [];
  /** Client without faults. */
  readonly admin: Redis;
  readonly #invalidation: InvalidationMode;

  private constructor(
    server: RedisProcess,
    proxies: readonly RedisFaultProxy[],
    invalidation: InvalidationMode,
  ) {
    this.server = server;
    this.proxies = proxies;
    this.admin = patientClient(server);
    this.admin.on('error', () => undefined);
    this.#invalidation = invalidation;
  }

  static async start(
    processes: number,
    random: Random,
    invalidation: InvalidationMode = 'tracking',
  ): Promise<SingleRedis> {
    const server = await RedisProcess.start();
    const seeds = Array.from({ length: processes }, () => random.below(2 ** 31));
    const proxies = await Promise.all(
      seeds.map((seed) => RedisFaultProxy.start(server.port, new Random(seed))),
    );
    return new SingleRedis(server, proxies, invalidation);
  }

  settingsOf(process: number): RedisSettings {
    return { url: this.proxies[process]!.url, invalidation: this.#invalidation };
  }

  async client(random: Random): Promise<CacheClient> {
    if (this.#invalidation === 'tracking') return new ForeignClient(patientClient(this.server), random);
    const proxy = await RedisFaultProxy.start(this.server.port, new Random(random.below(2 ** 31)));
    this.writerProxies.push(proxy);
    return new LibraryClient({ url: proxy.url, invalidation: this.#invalidation }, random);
  }

  async stop(): Promise<void> {
    await Promise.all([...this.proxies, ...this.writerProxies].map((proxy) => proxy.stop()));
    this.admin.disconnect();
    await this.server.kill();
  }
}

const patientClient = ({ url }: RedisProcess) =>
  new Redis(url, { maxRetriesPerRequest: null, retryStrategy: () => 50 });
