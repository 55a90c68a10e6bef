import type { Batch } from '@quantumtrade/dal-domain';
import type { Records } from './side.js';

/** How the caller of the data layer has its rows. */
export type Form = (records: Records) => Batch<'marketData'>;

type Price = 'open' | 'high' | 'low' | 'close' | 'adjustedClose';

const source = 'bench';

export const rowObjects: Form = (records) => ({ source, records });

/** Typed arrays, with prices as floating-point numbers. */
export const columns: Form = (records) =>
  inColumns(records, (name) => Float64Array.from(records, (bar) => Number(bar[name])));

/** Typed arrays, with prices in units of 10^-8, as the tables have them. */
export const columnsOfUnits: Form = (records) =>
  inColumns(records, (name) =>
    BigInt64Array.from(records, (bar) => BigInt(Math.round(Number(bar[name]) * 100)) * 1_000_000n),
  );

function inColumns(
  records: Records,
  prices: (name: Price) => Float64Array | BigInt64Array,
): Batch<'marketData'> {
  const dictionary = [...new Set(records.map(({ symbol }) => symbol))];
  const position = new Map(dictionary.map((symbol, n) => [symbol, n]));
  return {
    columns: {
      symbol: { dictionary, positions: Uint32Array.from(records, ({ symbol }) => position.get(symbol)!) },
      timestamp: BigInt64Array.from(records, ({ timestamp }) => BigInt(Number(timestamp))),
      open: prices('open'),
      high: prices('high'),
      low: prices('low'),
      close: prices('close'),
      adjustedClose: prices('adjustedClose'),
      volume: BigUint64Array.from(records, ({ volume }) => BigInt(volume)),
      qualityScore: Uint8Array.from(records, ({ qualityScore }) => Number(qualityScore)),
    },
    constants: { source },
  };
}
