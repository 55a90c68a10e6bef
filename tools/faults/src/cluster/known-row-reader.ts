import { setTimeout as delay } from 'node:timers/promises';
import type { TimeSeriesBackend } from '@quantumtrade/dal-domain';
import type { Random } from '@quantumtrade/dal-testing';
import { numberedBar } from '../writing/numbered-bars.js';

/** Time limit of a read, far longer than a server needs. */
const PATIENCE_MS = 20_000;

/** Reads rows that are known to be stored, one by one and all together, and records what went wrong. */
export class KnownRowReader {
  readonly failures: unknown[] = [];
  readCount = 0;
  readonly #backend: TimeSeriesBackend;
  readonly #random: Random;
  readonly #known: ReadonlySet<number>;

  constructor(backend: TimeSeriesBackend, random: Random, known: ReadonlySet<number>) {
    this.#backend = backend;
    this.#random = random;
    this.#known = known;
  }

  /** Reads by several callers until `isOver` returns true. Resolves when all reads have ended. */
  async run(isOver: () => boolean): Promise<void> {
    const callers = Array.from({ length: 4 }, async () => {
      while (!isOver()) {
        await this.#read().catch((error: unknown) => this.failures.push(error));
        this.readCount++;
        await delay(this.#random.below(20));
      }
    });
    await Promise.all(callers);
  }

  async #read(): Promise<void> {
    const options = { deadline: Date.now() + PATIENCE_MS };
    if (this.#random.chance(0.3)) {
      const { size } = this.#known;
      const { totalCount } = await this.#backend.marketData.find({ limit: 1 }, options);
      if (totalCount! < size) throw new Error(`${totalCount} rows in place of ${size} or more`);
      return;
    }
    const n = this.#random.pick([...this.#known]);
    const { symbol, timestamp } = numberedBar(n);
    const selection = { symbol, startTime: timestamp, endTime: Number(timestamp) + 1 };
    const { data } = await this.#backend.marketData.find(selection, options);
    if (data.length !== 1 || Number(data[0]!.volume) !== n)
      throw new Error(`row ${n} is read as ${data.length} rows`);
  }
}
