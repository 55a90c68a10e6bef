import { setTimeout as delay } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { type Child, Random, startChild } from '@quantumtrade/dal-testing';
import { RedisProcess } from '@quantumtrade/dal-testing/redis';
import type { Findings } from './checked-reader.js';
import type { Notice } from './keys.js';
import { answers, inDatabase, KEYS, loadsOf, NOTICE, question, readersOf } from './keys.js';
import type { ReadingOrders } from './reading-process.js';
import type { SharedRedis } from './shared-redis.js';
import type { CacheWrites } from './writer.js';
import { Writer } from './writer.js';

const READER = new URL('./reading-process.ts', import.meta.url);
const WRITERS = 2;
/** How often it is looked for answers before a question is asked anew. */
const LOOKS = 20;
const ASKED_WITHIN_MS = 1_000;

const numbersTo = (count: number) => Array.from({ length: count }, (_, i) => i);

interface Parts {
  readonly databaseServer: RedisProcess;
  readonly database: Redis;
  readonly asking: CacheWrites;
  readonly readers: readonly Child[];
  readonly writers: readonly Writer[];
}

/** Reading processes and clients that write, which share one Redis. A server of its own is the database. */
export class CacheWorld {
  readonly #parts: Parts;
  readonly #redis: SharedRedis;
  readonly #writing: Promise<unknown>;
  #areWritersOver = false;
  #questions = 0;
  #notices = 0;

  private constructor(redis: SharedRedis, parts: Parts) {
    this.#redis = redis;
    this.#parts = parts;
    this.#writing = Promise.all(parts.writers.map((writer) => writer.run(() => this.#areWritersOver)));
  }

  /** The Redis is the world's from now on. */
  static async start(redis: SharedRedis, processes: number, random: Random): Promise<CacheWorld> {
    const databaseServer = await RedisProcess.start();
    const database = new Redis(databaseServer.url);
    await database.mset(KEYS.flatMap((key) => [inDatabase(key), 1]));
    const seed = () => random.below(2 ** 31);
    const readers = numbersTo(processes).map((i) => {
      const orders: ReadingOrders = {
        settings: redis.settingsOf(i),
        boundMs: redis.boundMs,
        databaseUrl: databaseServer.url,
        name: `${i}`,
        seed: seed(),
      };
      return startChild(READER, JSON.stringify(orders));
    });
    const writers = await Promise.all(
      numbersTo(WRITERS).map(async (n) => {
        const keys = KEYS.filter((key) => key % WRITERS === n);
        return new Writer(await redis.writes(new Random(seed())), database, keys, new Random(seed()));
      }),
    );
    const asking = await redis.writes(new Random(seed()));
    return new CacheWorld(redis, { databaseServer, database, asking, readers, writers });
  }

  get changes(): number {
    return this.#parts.writers.reduce((sum, { changes }) => sum + changes, 0);
  }

  /** Resolves when every process has been told of all that was done by now. */
  async settled(): Promise<void> {
    const count = this.#parts.readers.length;
    await Promise.all(KEYS.map((key) => this.#answered(key, (names) => names.length === count)));
  }

  /** Resolves when this process is told of changes. */
  async isTold(process: number): Promise<void> {
    await this.#answered(0, (names) => names.includes(`${process}`));
  }

  /** What a process has at hand of these keys counts as wrong while it is done, for their server is down. */
  async whileUntold(keys: readonly number[], work: () => Promise<unknown>): Promise<void> {
    await this.#notify(keys);
    await work();
    await this.#notify([]);
  }

  /** Resolves when every process has loaded so many values more. */
  async loadsGoOn(count: number): Promise<void> {
    const { database, readers } = this.#parts;
    const names = readers.map((_, i) => loadsOf(`${i}`));
    const loads = async () => (await database.mget(names)).map(Number);
    const before = await loads();
    while ((await loads()).some((now, i) => now < before[i]! + count)) await delay(5);
  }

  async #notify(untold: readonly number[]): Promise<void> {
    const { database, readers } = this.#parts;
    const notice: Notice = { n: ++this.#notices, untold };
    await database.set(NOTICE, JSON.stringify(notice));
    while ((await database.scard(readersOf(notice.n))) < readers.length) await delay(5);
  }

  async #answered(key: number, isEnough: (names: readonly string[]) => boolean): Promise<void> {
    const { asking, database } = this.#parts;
    for (;;) {
      const name = question(key, ++this.#questions);
      // A client of a cluster may forget a command when masters change.
      await Promise.race([asking.tell(name).catch(() => undefined), delay(ASKED_WITHIN_MS)]);
      for (let look = 0; look < LOOKS; look++) {
        if (isEnough(await database.smembers(answers(name)))) return;
        await delay(5);
      }
    }
  }

  /** Ends the writing, and then the reading; what the processes found. */
  async findings(): Promise<Findings[]> {
    this.#areWritersOver = true;
    await this.#writing;
    await this.settled();
    const { readers } = this.#parts;
    for (const reader of readers) reader.process.kill('SIGTERM');
    const findings = await Promise.all(
      readers.map(async ({ output }) => JSON.parse(await output) as Findings),
    );
    console.log(`${this.changes} changes`, JSON.stringify(findings));
    return findings;
  }

  /** Whatever state a run left it in. */
  async stop(): Promise<void> {
    const { readers, writers, asking, database, databaseServer } = this.#parts;
    for (const reader of readers) reader.process.kill('SIGKILL');
    await Promise.all(readers.map(({ output }) => output));
    for (const each of [...writers, asking]) each.stop();
    database.disconnect();
    await Promise.allSettled([this.#writing]);
    await Promise.all([this.#redis.stop(), databaseServer.kill()]);
  }
}
