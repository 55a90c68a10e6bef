import { setTimeout as delay } from 'node:timers/promises';
import type { Child } from '@quantumtrade/dal-journal/testing/child';
import { startChild } from '@quantumtrade/dal-journal/testing/child';
import { Random } from '@quantumtrade/dal-journal/testing/random';
import { Redis } from 'ioredis';
import type { Findings } from './checked-reader.js';
import { ForeignWriter } from './foreign-writer.js';
import { answers, inDatabase, KEY_COUNT, loadsOf, question } from './keys.js';
import { Line } from './line.js';
import { MortalRedis } from './mortal-redis.js';

const READER = new URL('./reading-process.ts', import.meta.url).href;
const WRITERS = 2;
/** How often it is looked for answers before a question is asked anew. */
const LOOKS = 20;

const numbersTo = (count: number) => Array.from({ length: count }, (_, i) => i);

/** Reading processes, each on a line of its own to one server, and foreign clients that write. A second server is the database. */
export class CacheWorld {
  readonly server: MortalRedis;
  readonly lines: readonly Line[];
  /** A client of the server that no fault is meant for. */
  readonly admin: Redis;
  readonly #databaseServer: MortalRedis;
  readonly #database: Redis;
  readonly #readers: readonly Child[];
  readonly #writers: readonly ForeignWriter[];
  readonly #writing: Promise<unknown>;
  #areWritersOver = false;
  #questions = 0;

  private constructor(
    server: MortalRedis,
    databaseServer: MortalRedis,
    database: Redis,
    lines: readonly Line[],
    random: Random,
  ) {
    this.server = server;
    this.lines = lines;
    this.admin = new Redis(server.url, { maxRetriesPerRequest: null, retryStrategy: () => 50 });
    this.admin.on('error', () => undefined);
    this.#databaseServer = databaseServer;
    this.#database = database;
    const seed = () => random.below(2 ** 31);
    this.#readers = lines.map((line, i) =>
      startChild(READER, line.url, databaseServer.url, `${i}`, `${seed()}`),
    );
    this.#writers = numbersTo(WRITERS).map((n) => {
      const keys = numbersTo(KEY_COUNT).filter((key) => key % WRITERS === n);
      return new ForeignWriter(server.url, database, keys, new Random(seed()));
    });
    this.#writing = Promise.all(this.#writers.map((writer) => writer.run(() => this.#areWritersOver)));
  }

  static async start(processes: number, random: Random): Promise<CacheWorld> {
    const [server, databaseServer] = await Promise.all([MortalRedis.start(), MortalRedis.start()]);
    const database = new Redis(databaseServer.url);
    await database.mset(numbersTo(KEY_COUNT).flatMap((key) => [inDatabase(key), 1]));
    const lines = await Promise.all(
      numbersTo(processes).map(() => Line.to(server.port, new Random(random.below(2 ** 31)))),
    );
    return new CacheWorld(server, databaseServer, database, lines, random);
  }

  get changes(): number {
    return this.#writers.reduce((sum, { changes }) => sum + changes, 0);
  }

  /** Resolves when every process has been told of all that was done by now. */
  async settled(): Promise<void> {
    await this.#answered((names) => names.length === this.lines.length);
  }

  /** Resolves when the process on this line is told of changes. */
  async isTold(line: Line): Promise<void> {
    const name = `${this.lines.indexOf(line)}`;
    await this.#answered((names) => names.includes(name));
  }

  /** Resolves when every process has loaded so many values more. */
  async loadsGoOn(count: number): Promise<void> {
    const names = this.lines.map((_, i) => loadsOf(`${i}`));
    const loads = async () => (await this.#database.mget(names)).map(Number);
    const before = await loads();
    while ((await loads()).some((now, i) => now < before[i]! + count)) await delay(5);
  }

  async #answered(isEnough: (names: readonly string[]) => boolean): Promise<void> {
    for (;;) {
      const name = question(++this.#questions);
      await this.admin.set(name, '', 'PX', 1_000);
      for (let look = 0; look < LOOKS; look++) {
        if (isEnough(await this.#database.smembers(answers(name)))) return;
        await delay(5);
      }
    }
  }

  /** Ends the writing, and then the reading; what the processes found. */
  async findings(): Promise<Findings[]> {
    this.#areWritersOver = true;
    await this.#writing;
    await this.settled();
    for (const reader of this.#readers) reader.process.kill('SIGTERM');
    return Promise.all(this.#readers.map(async ({ output }) => JSON.parse(await output) as Findings));
  }

  /** Whatever state a run left it in. */
  async stop(): Promise<void> {
    for (const reader of this.#readers) reader.process.kill('SIGKILL');
    await Promise.all(this.#readers.map(({ output }) => output));
    for (const line of this.lines) line.stop();
    for (const writer of this.#writers) writer.stop();
    this.admin.disconnect();
    this.#database.disconnect();
    await Promise.allSettled([this.#writing]);
    await Promise.all([this.server.die(), this.#databaseServer.die()]);
  }
}
