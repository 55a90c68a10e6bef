import type { MarketDataBatch } from '@quantumtrade/dal-domain';
import type { BenchServer } from '../server.js';

export type Records = MarketDataBatch['records'];

/** One way of storing market data, in a database of its own. */
export interface WriteSide {
  readonly database: string;
  /** Brings rows into the form in which their caller has them, which is not measured. Returned is what sends them. */
  prepare(records: Records): () => Promise<unknown>;
}

/** Tables do not grow from one measurement to the next, and nothing is merged that is measured no more. */
export async function empty(server: BenchServer, { database }: WriteSide): Promise<void> {
  await server.run(`TRUNCATE TABLE ${database}.market_data`);
}

/** Runs all, so many at a time. */
export async function inFlight(tasks: readonly (() => Promise<unknown>)[], width: number): Promise<void> {
  const rest = tasks.values();
  await Promise.all(
    Array.from({ length: width }, async () => {
      for (const task of rest) await task();
    }),
  );
}
