import { marketData } from '../records/market-data.js';
import { prediction } from '../records/prediction.js';
import { sentiment } from '../records/sentiment.js';
import { strategyPerformance } from '../records/strategy-performance.js';
import type { Row } from '../records/row.js';
import { columnsOfRows } from './columns.js';

const bar = {
  symbol: 'A',
  timestamp: 5,
  close: 150_000_000n,
  volume: 2n ** 70n,
  source: 'x',
  qualityScore: 9,
};

it('columnsOfRows returns typed arrays and dictionaries', () => {
  const rows = [bar, { ...bar, symbol: 'B', timestamp: -1 }, bar];
  const names = ['symbol', 'timestamp', 'close', 'qualityScore'];
  expect(columnsOfRows(marketData, names, rows, false)).toEqual({
    rowCount: 3,
    columns: {
      symbol: { dictionary: ['A', 'B'], positions: Uint8Array.of(0, 1, 0) },
      timestamp: Float64Array.of(5, -1, 5),
      close: Float64Array.of(1.5, 1.5, 1.5),
      qualityScore: Uint8Array.of(9, 9, 9),
    },
  });
  expect(columnsOfRows(marketData, ['timestamp', 'close'], rows, true).columns).toEqual({
    timestamp: BigInt64Array.of(5n, -1n, 5n),
    close: BigInt64Array.of(150_000_000n, 150_000_000n, 150_000_000n),
  });
});

it('columnsOfRows returns strings for decimals of more than 64 bits', () => {
  const rows = [{ ...bar, volume: 2n ** 63n - 1n }, bar];
  const exact = columnsOfRows(marketData, ['volume'], rows, true);
  expect(exact.columns['volume']).toEqual(['92233720368.54775807', '11805916207174.11303424']);
  const within = columnsOfRows(marketData, ['volume'], rows.slice(0, 1), true);
  expect(within.columns['volume']).toEqual(BigInt64Array.of(2n ** 63n - 1n));
});

it('columnsOfRows refuses decimals that no number equals', () => {
  const rows = [{ ...bar, volume: 2n ** 90n + 1n }];
  expect(() => columnsOfRows(marketData, ['volume'], rows, false)).toThrow(
    expect.objectContaining({ code: 'QUERY', message: expect.stringContaining('volume') }),
  );
});

it('columnsOfRows returns lists of copies, nulls and 64-bit integers', () => {
  const texts = ['a'];
  const row = { predictionId: 'p', featuresUsed: texts, strategyParameters: { x: 1 } };
  const { columns } = columnsOfRows(prediction, Object.keys(row), [row], false);
  expect(columns).toEqual({ predictionId: ['p'], featuresUsed: [['a']], strategyParameters: [{ x: 1 }] });
  expect((columns['featuresUsed'] as unknown[])[0]).not.toBe(texts);
  const rates: Row[] = [{ winRate: 0.5 }, { winRate: null }, {}];
  expect(columnsOfRows(strategyPerformance, ['winRate'], rates, true).columns['winRate']).toEqual([
    0.5,
    null,
    null,
  ]);
  const hash = columnsOfRows(sentiment, ['contentHash'], [{ contentHash: 2n ** 64n - 1n }], false);
  expect(hash.columns['contentHash']).toEqual(BigUint64Array.of(2n ** 64n - 1n));
});

it('columnsOfRows uses the smallest positions that suffice', () => {
  const symbolsOf = (count: number) => {
    const rows = Array.from({ length: count }, (_, n) => ({ symbol: `S${n}` }));
    const { dictionary, positions } = columnsOfRows(marketData, ['symbol'], rows, false).columns[
      'symbol'
    ] as {
      dictionary: string[];
      positions: Uint16Array;
    };
    expect(Array.from(positions, (position) => dictionary[position])).toEqual(
      rows.map(({ symbol }) => symbol),
    );
    return positions.BYTES_PER_ELEMENT;
  };
  expect([256, 257, 65_536, 65_537].map(symbolsOf)).toEqual([1, 2, 2, 4]);
});
