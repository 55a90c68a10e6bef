import type { BatchWriter, DatabaseAbstraction } from '@quantumtrade/dal';
import { numberedBatch } from '../writing/numbered-bars.js';

/** Rows of one write. */
const ROWS = 5;

/** Calls of every kind, each kind one call after the other. */
export class CallLoad {
  /** Number of successful calls by kind. */
  readonly succeeded: Record<string, number> = {};
  /** Errors of failed calls. */
  readonly failed: unknown[] = [];
  /** Numbers of the rows whose write was acknowledged. */
  readonly acknowledged = new Set<number>();
  readonly #workers: Promise<void>[];
  #nextRow = 0;
  #isStopped = false;

  constructor(database: DatabaseAbstraction, writers: readonly BatchWriter[]) {
    const batches = () => {
      const numbers = Array.from({ length: ROWS }, () => this.#nextRow++);
      return { numbers, batch: numberedBatch(numbers) };
    };
    const write = (store: (batch: ReturnType<typeof numberedBatch>) => Promise<unknown>) => async () => {
      const { numbers, batch } = batches();
      await store(batch);
      for (const number of numbers) this.acknowledged.add(number);
    };
    const calls: Readonly<Record<string, () => Promise<unknown>>> = {
      insert: write((batch) => database.insertMarketData(batch)),
      ...Object.fromEntries(
        writers.map((writer, i) => [`writer ${i}`, write((batch) => writer.write('marketData', batch))]),
      ),
      page: () => database.getMarketData({ symbols: ['S1'], limit: 10 }),
      latest: () => database.getLatestMarketData(`S${this.#nextRow % 7}`, 1),
      stream: async () => {
        for await (const rows of database.marketData.stream({ symbols: ['S2'] })) if (rows.length > 50) break;
      },
      cacheSet: () => database.cacheSet('key', this.#nextRow, 60),
      cacheGet: () => database.cacheGet('key'),
    };
    this.#workers = Object.entries(calls).map(([kind, call]) => this.#repeat(kind, call));
  }

  /** Least number of successful calls of a kind. */
  get rounds(): number {
    return Math.min(...Object.values(this.succeeded));
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    await Promise.all(this.#workers);
  }

  async #repeat(kind: string, call: () => Promise<unknown>): Promise<void> {
    this.succeeded[kind] = 0;
    while (!this.#isStopped) {
      try {
        await call();
        this.succeeded[kind]!++;
      } catch (error) {
        this.failed.push(error);
      }
    }
  }
}
