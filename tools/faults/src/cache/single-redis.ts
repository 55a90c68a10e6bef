import type { InvalidationMode, RedisSettings } from '@quantumtrade/dal-redis';
import { Random } from '@quantumtrade/dal-testing';
import { RedisProcess } from '@quantumtrade/dal-testing/redis';
import { Redis } from 'ioredis';
import { ForeignWrites } from './foreign-writes.js';
import { LibraryWrites } from './library-writes.js';
import { Line } from './line.js';
import type { SharedRedis } from './shared-redis.js';
import type { CacheWrites } from './writer.js';

/** One server, and a line to it for each process. Where it does not track keys, others write through caches of ours. */
export class SingleRedis implements SharedRedis {
  /** A sign of life is asked for every second, and may take two. */
  readonly boundMs = 3_000;
  readonly server: RedisProcess;
  readonly lines: readonly Line[];
  /** Of the clients that write, if they are ours. */
  readonly writersLines: Line[] = [];
  /** A client that no fault is meant for. */
  readonly admin: Redis;
  readonly #invalidation: InvalidationMode;

  private constructor(server: RedisProcess, lines: readonly Line[], invalidation: InvalidationMode) {
    this.server = server;
    this.lines = lines;
    this.admin = patient(server);
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
    const lines = await Promise.all(seeds.map((seed) => Line.to(server.port, new Random(seed))));
    return new SingleRedis(server, lines, invalidation);
  }

  settingsOf(process: number): RedisSettings {
    return { url: this.lines[process]!.url, invalidation: this.#invalidation };
  }

  async writes(random: Random): Promise<CacheWrites> {
    if (this.#invalidation === 'tracking') return new ForeignWrites(patient(this.server), random);
    const line = await Line.to(this.server.port, new Random(random.below(2 ** 31)));
    this.writersLines.push(line);
    return new LibraryWrites({ url: line.url, invalidation: this.#invalidation }, random);
  }

  async stop(): Promise<void> {
    for (const line of [...this.lines, ...this.writersLines]) line.stop();
    this.admin.disconnect();
    await this.server.kill();
  }
}

const patient = ({ url }: RedisProcess) =>
  new Redis(url, { maxRetriesPerRequest: null, retryStrategy: () => 50 });
