import type { BlockCollector, RecordName, TimeSeriesBackend } from '@quantumtrade/dal-domain';
import type { LooseRow, RecordCase } from './record-cases.js';
import { caseOf } from './record-cases.js';

export const marketDataCase = caseOf('marketData');

/** Returns the whole numbers from 0 to `length` - 1. */
export const range = (length: number): number[] => [...Array(length).keys()];

export const collectorOf = (backend: TimeSeriesBackend, tested: RecordCase): BlockCollector<RecordName> =>
  backend.blocks.collect(tested.definition.name as RecordName);

/** Creates bars of one symbol from midnight of a day on. */
export const barsOf = (symbol: string, day: number, count: number, close = 1): LooseRow[] =>
  range(count).map((n) => ({ ...marketDataCase.row(symbol, day, n), close }));
