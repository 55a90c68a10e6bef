import type { Result, Sides } from '../bench.js';
import { featuresOf } from './values.js';
import type { FeatureSet } from '@quantumtrade/dal-domain';
import { slices } from '../random.js';

/** One way of caching the features of symbols, on keys of its own. */
export interface CacheSide {
  get(symbol: string): Promise<unknown>;
  set(symbol: string, value: FeatureSet): Promise<unknown>;
  delete(symbol: string): Promise<unknown>;
  close(): Promise<unknown>;
}

/** One that can load what is missing. */
export interface LoadingSide extends CacheSide {
  getOrLoad(symbol: string, load: () => Promise<FeatureSet>): Promise<unknown>;
}

/** One that has calls for many values at once. */
export interface ManySide extends CacheSide {
  getMany(symbols: readonly string[]): Promise<unknown>;
  setMany(values: readonly FeatureSet[]): Promise<unknown>;
}

/** Measures on the sides, closes them, and so again for the next case: none has to do with what another left open. */
export async function* withSides<S extends Sides<{ close(): Promise<unknown> }>>(
  sides: S,
  results: (sides: S) => AsyncGenerator<Result>,
): AsyncGenerator<Result> {
  try {
    yield* results(sides);
  } finally {
    await Promise.all(Object.values(sides).map((side) => side.close()));
  }
}

const AT_ONCE = 500;

/** Stores features of all symbols. */
export async function store(side: CacheSide, symbols: readonly string[]): Promise<void> {
  for (const slice of slices(symbols, AT_ONCE)) {
    await Promise.all(slice.map((symbol) => side.set(symbol, featuresOf(symbol))));
  }
}

/** Stores features of all symbols and reads each, so that they are in process where they can be. */
export async function fill(side: CacheSide, symbols: readonly string[]): Promise<void> {
  await store(side, symbols);
  for (const slice of slices(symbols, AT_ONCE)) {
    const values = await Promise.all(slice.map((symbol) => side.get(symbol)));
    if (!values.every((value) => value)) throw new Error('a side does not have what it was given');
  }
}
