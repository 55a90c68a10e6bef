import { touchedKeys, TouchedKeys } from './touched-keys.js';

const rows = (symbols: unknown[]) =>
  ({ source: 's', records: symbols.map((symbol) => symbol && { symbol }) }) as never;

it('are the latest bars of the symbols, each once, in any order of rows', () => {
  expect(touchedKeys('marketData', rows(['A', 'A', 'B', 'A', 'B', 'C']))).toEqual([
    'market:A:latest',
    'market:B:latest',
    'market:C:latest',
  ]);
});

it('are the predictions of the ids', () => {
  const predictions = [{ predictionId: 'p1' }, { predictionId: 'p2' }, { predictionId: 'p1' }];
  expect(touchedKeys('predictions', { predictions } as never)).toEqual(['prediction:p1', 'prediction:p2']);
});

it('are the latest features of the symbols and each of their values', () => {
  const batches = [
    { symbol: 'A', features: { rsi: 1, sma: 2 } },
    { symbol: 'B', features: { rsi: 1 } },
    { symbol: 'A', features: { rsi: 3, latest: 4 } },
  ];
  expect(touchedKeys('features', batches as never)).toEqual([
    'features:A:latest',
    'features:A:rsi',
    'features:A:sma',
    'features:A:%6Catest',
    'features:B:latest',
    'features:B:rsi',
  ]);
});

it.each<[string, object, string[]]>([
  ['a list', { columns: { symbol: ['A', 'B', 'A'] } }, ['A', 'B']],
  [
    'a dictionary, also one with more than the rows use',
    { columns: { symbol: { dictionary: ['A', 'B', 'C'], positions: Uint8Array.of(2, 0) } } },
    ['C', 'A'],
  ],
  [
    'positions in a short dictionary',
    { columns: { symbol: { dictionary: ['A', 'B'], positions: Uint8Array.of(1, 0, 1) } } },
    ['A', 'B'],
  ],
  ['a constant', { columns: {}, constants: { symbol: 'A' } }, ['A']],
])('are found in columns: %s', (_, batch, symbols) => {
  expect(touchedKeys('marketData', batch as never)).toEqual(
    symbols.map((symbol) => `market:${symbol}:latest`),
  );
});

it('are found in columns of features, row by row', () => {
  const featureName = { dictionary: ['rsi', 'sma'], positions: Uint8Array.of(0, 1, 1) };
  expect(touchedKeys('features', { columns: { symbol: ['A', 'B', 'B'], featureName } } as never)).toEqual([
    'features:A:latest',
    'features:A:rsi',
    'features:B:latest',
    'features:B:sma',
  ]);
  const batch = { columns: { featureName }, constants: { symbol: 'A' } };
  expect(touchedKeys('features', batch as never)).toEqual([
    'features:A:latest',
    'features:A:rsi',
    'features:A:sma',
  ]);
});

it('of features end with the rows when symbol and name are constants', () => {
  const constants = { symbol: 'A', featureName: 'rsi' };
  const touched = (columns: object) => touchedKeys('features', { columns, constants } as never);
  expect(touched({ timestamp: [1, 2] })).toEqual(['features:A:latest', 'features:A:rsi']);
  expect(touched({})).toEqual([]);
});

it('are those of the readable rows when a row cannot be read', () => {
  const unreadable = (name: string) =>
    Object.defineProperty({}, name, {
      get: () => {
        throw new Error('unreadable');
      },
    });
  const bars = { records: [unreadable('symbol'), { symbol: 'B' }] };
  expect(touchedKeys('marketData', bars as never)).toEqual(['market:B:latest']);
  const sets = [unreadable('symbol'), unreadable('features'), { symbol: 'B', features: { rsi: 1 } }];
  expect(touchedKeys('features', sets as never)).toEqual(['features:B:latest', 'features:B:rsi']);
  expect(touchedKeys('marketData', unreadable('records') as never)).toEqual([]);
});

it('are none of what is no batch, of wrong rows, and of records that nobody caches', () => {
  for (const batch of [undefined, null, {}, { records: 1 }, rows([undefined, 7, null])]) {
    expect(touchedKeys('marketData', batch as never)).toEqual([]);
    expect(touchedKeys('features', batch as never)).toEqual([]);
    expect(touchedKeys('predictions', batch as never)).toEqual([]);
  }
  expect(touchedKeys('features', [undefined, { symbol: 1 }, { features: { a: 1 } }] as never)).toEqual([]);
  expect(touchedKeys('sentiment', rows(['A']))).toEqual([]);
});

it('are gathered from many batches, until they are taken', () => {
  const touched = new TouchedKeys('marketData');
  touched.add(rows(['A', 'B']));
  touched.add(rows(['B', 'C']));
  expect(touched.take()).toHaveLength(3);
  expect(touched.take()).toEqual([]);
});
