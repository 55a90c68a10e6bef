/** Sizes of the tables and of the measurements. */
export interface ReadScale {
  /** Rows of each table of bars. */
  readonly bars: number;
  /** Symbols of the table with many of them. The other tables have 200. */
  readonly manySymbols: number;
  /** Rows of one bulk read. */
  readonly bulkRows: number;
  /** Rows of one stream. */
  readonly streamedRows: number;
  readonly predictions: number;
  /** Instants of which each of 200 symbols has a set of 20 features. */
  readonly featureSets: number;
  /** Calls of one caller in one round. */
  readonly calls: number;
  /** Callers at once. */
  readonly callers: number;
  /** Duration of a round with many callers. */
  readonly forMs: number;
  readonly rounds: number;
}

export const FULL_SCALE: ReadScale = {
  bars: 2_000_000,
  manySymbols: 10_000,
  bulkRows: 200_000,
  streamedRows: 1_000_000,
  predictions: 200_000,
  featureSets: 100,
  calls: 60,
  callers: 1_000,
  forMs: 1_000,
  rounds: 5,
};

/** A run of seconds that shows whether every case works. Its figures mean nothing. */
export const SMOKE_SCALE: ReadScale = {
  bars: 60_000,
  manySymbols: 1_500,
  bulkRows: 5_000,
  streamedRows: 20_000,
  predictions: 2_000,
  featureSets: 2,
  calls: 2,
  callers: 20,
  forMs: 50,
  rounds: 1,
};
