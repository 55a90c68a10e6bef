import { setTimeout as delay } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { type Child, Random, startChild } from '@quantumtrade/dal-testing';
import { RedisProcess } from '@quantumtrade/dal-testing/redis';
import type { ReaderFindings } from './checked-reader.js';
import type { Notice } from './cache-keys.js';
import {
  probeAnswers,
  inDatabase,
  KEY_NUMBERS,
  loadsOf,
  NOTICE,
  probeName,
  readersOf,
} from './cache-keys.js';
import type { ReaderOptions } from './reader-process.js';
import type { SharedRedis } from './shared-redis.js';
import type { CacheClient } from './cache-writer.js';
import { CacheWriter } from './cache-writer.js';

const READER = new URL('./reader-process.ts', import.meta.url);
const WRITERS = 2;
/** Number of polls for answers before a new probe is sent. */
const POLLS_PER_PROBE = 20;
const PROBE_TIMEOUT_MS = 1_000;

const numbersTo = (count: number) => Array.from({ length: count }, (_, i) => i);

interface Parts {
  readonly databaseServer: RedisProcess;
  readonly database: Redis;
  readonly prober: CacheClient;
  readonly readers: readonly Child[];
  readonly writers: readonly CacheWriter[];
}

/** Reading processes and writing clients that share one Redis. A second Redis is the database. */
export class CacheSimulation {
  readonly #parts: Parts;
  readonly #redis: SharedRedis;
  readonly #writing: Promise<unknown>;
  #isStopping = false;
  #probes = 0;
  #notices = 0;

  private constructor(redis: SharedRedis, parts: Parts) {
    this.#redis = redis;
    this.#parts = parts;
    this.#writing = Promise.all(parts.writers.map((writer) => writer.run(() => this.#isStopping)));
  }

  /** Starts the processes. The simulation stops the Redis. */
  static async start(redis: SharedRedis, processes: number, random: Random): Promise<CacheSimulation> {
    const databaseServer = await RedisProcess.start();
    const database = new Redis(databaseServer.url);
    await database.mset(KEY_NUMBERS.flatMap((key) => [inDatabase(key), 1]));
    const seed = () => random.below(2 ** 31);
    const orders = numbersTo(processes).map((i): ReaderOptions => ({
      settings: redis.settingsOf(i),
      stalenessBoundMs: redis.stalenessBoundMs,
      databaseUrl: databaseServer.url,
      name: `${i}`,
      seed: seed(),
    }));
    const readers = await Promise.all(orders.map((each) => startChild(READER, JSON.stringify(each))));
    const writers = await Promise.all(
      numbersTo(WRITERS).map(async (n) => {
        const keys = KEY_NUMBERS.filter((key) => key % WRITERS === n);
        return new CacheWriter(await redis.client(new Random(seed())), database, keys, new Random(seed()));
      }),
    );
    const prober = await redis.client(new Random(seed()));
    return new CacheSimulation(redis, { databaseServer, database, prober, readers, writers });
  }

  get changes(): number {
    return this.#parts.writers.reduce((sum, { changes }) => sum + changes, 0);
  }

  /** Resolves when every process has received all invalidations so far. */
  async settled(): Promise<void> {
    const count = this.#parts.readers.length;
    await Promise.all(KEY_NUMBERS.map((key) => this.#awaitProbe(key, (names) => names.length === count)));
  }

  /** Resolves when a process receives invalidations. */
  async awaitInvalidations(process: number): Promise<void> {
    await this.#awaitProbe(0, (names) => names.includes(`${process}`));
  }

  /** Runs work while the server of these keys is down: values of them in a first level count as violations. */
  async whileUnreachable(keys: readonly number[], work: () => Promise<unknown>): Promise<void> {
    await this.#notify(keys);
    await work();
    await this.#notify([]);
  }

  /** Resolves when every process has loaded this many more values. */
  async awaitLoads(count: number): Promise<void> {
    const { database, readers } = this.#parts;
    const names = readers.map((_, i) => loadsOf(`${i}`));
    const loads = async () => (await database.mget(names)).map(Number);
    const before = await loads();
    while ((await loads()).some((now, i) => now < before[i]! + count)) await delay(5);
  }

  async #notify(unreachableKeys: readonly number[]): Promise<void> {
    const { database, readers } = this.#parts;
    const notice: Notice = { n: ++this.#notices, unreachableKeys };
    await database.set(NOTICE, JSON.stringify(notice));
    while ((await database.scard(readersOf(notice.n))) < readers.length) await delay(5);
  }

  async #awaitProbe(key: number, areEnough: (names: readonly string[]) => boolean): Promise<void> {
    const { prober, database } = this.#parts;
    for (;;) {
      const name = probeName(key, ++this.#probes);
      // A cluster client may lose a command when masters change.
      await Promise.race([prober.announce(name).catch(() => undefined), delay(PROBE_TIMEOUT_MS)]);
      for (let poll = 0; poll < POLLS_PER_PROBE; poll++) {
        if (areEnough(await database.smembers(probeAnswers(name)))) return;
        await delay(5);
      }
    }
  }

  /** Ends writing and then reading. Returns the findings of the processes. */
  async finish(): Promise<ReaderFindings[]> {
    this.#isStopping = true;
    await this.#writing;
    await this.settled();
    const { readers } = this.#parts;
    for (const reader of readers) reader.process.kill('SIGTERM');
    const findings = await Promise.all(
      readers.map(async ({ output }) => JSON.parse(await output) as ReaderFindings),
    );
    console.log(`${this.changes} changes`, JSON.stringify(findings));
    return findings;
  }

  /** Stops everything in any state. */
  async stop(): Promise<void> {
    const { readers, writers, prober, database, databaseServer } = this.#parts;
    for (const reader of readers) reader.process.kill('SIGKILL');
    await Promise.all(readers.map(({ output }) => output));
    for (const each of [...writers, prober]) each.stop();
    database.disconnect();
    await Promise.allSettled([this.#writing]);
    await Promise.all([this.#redis.stop(), databaseServer.kill()]);
  }
}
