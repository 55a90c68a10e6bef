import { affectedKeys, AffectedKeys } from './keys.js';

const rows = (symbols: unknown[]) =>
  ({ source: 's', records: symbols.map((symbol) => symbol && { symbol }) }) as never;

it('returns the latest-bar key of each symbol once', () => {
  expect(affectedKeys('marketData', rows(['A', 'A', 'B', 'A', 'B', 'C']))).toEqual([
    'market:A:latest',
    'market:B:latest',
    'market:C:latest',
  ]);
});

it('returns the key of each prediction id once', () => {
  const predictions = [{ predictionId: 'p1' }, { predictionId: 'p2' }, { predictionId: 'p1' }];
  expect(affectedKeys('predictions', { predictions } as never)).toEqual(['prediction:p1', 'prediction:p2']);
});

it('returns the latest-features key and each feature value key of a symbol', () => {
  const batches = [
    { symbol: 'A', features: { rsi: 1, sma: 2 } },
    { symbol: 'B', features: { rsi: 1 } },
    { symbol: 'A', features: { rsi: 3, latest: 4 } },
  ];
  expect(affectedKeys('features', batches as never)).toEqual([
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
])('reads symbols from columns: %s', (_, batch, symbols) => {
  expect(affectedKeys('marketData', batch as never)).toEqual(
    symbols.map((symbol) => `market:${symbol}:latest`),
  );
});

it('pairs symbols with feature names row by row in columns', () => {
  const featureName = { dictionary: ['rsi', 'sma'], positions: Uint8Array.of(0, 1, 1) };
  expect(affectedKeys('features', { columns: { symbol: ['A', 'B', 'B'], featureName } } as never)).toEqual([
    'features:A:latest',
    'features:A:rsi',
    'features:B:latest',
    'features:B:sma',
  ]);
  const batch = { columns: { featureName }, constants: { symbol: 'A' } };
  expect(affectedKeys('features', batch as never)).toEqual([
    'features:A:latest',
    'features:A:rsi',
    'features:A:sma',
  ]);
});

it('returns no feature keys for constant columns without rows', () => {
  const constants = { symbol: 'A', featureName: 'rsi' };
  const affected = (columns: object) => affectedKeys('features', { columns, constants } as never);
  expect(affected({ timestamp: [1, 2] })).toEqual(['features:A:latest', 'features:A:rsi']);
  expect(affected({})).toEqual([]);
});

it('skips rows that cannot be read', () => {
  const unreadable = (name: string) =>
    Object.defineProperty({}, name, {
      get: () => {
        throw new Error('unreadable');
      },
    });
  const bars = { records: [unreadable('symbol'), { symbol: 'B' }] };
  expect(affectedKeys('marketData', bars as never)).toEqual(['market:B:latest']);
  const sets = [unreadable('symbol'), unreadable('features'), { symbol: 'B', features: { rsi: 1 } }];
  expect(affectedKeys('features', sets as never)).toEqual(['features:B:latest', 'features:B:rsi']);
  expect(affectedKeys('marketData', unreadable('records') as never)).toEqual([]);
});

it('returns no keys for wrong batches, wrong rows and uncached records', () => {
  for (const batch of [undefined, null, {}, { records: 1 }, rows([undefined, 7, null])]) {
    expect(affectedKeys('marketData', batch as never)).toEqual([]);
    expect(affectedKeys('features', batch as never)).toEqual([]);
    expect(affectedKeys('predictions', batch as never)).toEqual([]);
  }
  expect(affectedKeys('features', [undefined, { symbol: 1 }, { features: { a: 1 } }] as never)).toEqual([]);
  expect(affectedKeys('sentiment', rows(['A']))).toEqual([]);
});

it('collects keys from many batches until they are taken', () => {
  const affected = new AffectedKeys('marketData');
  affected.add(rows(['A', 'B']));
  affected.add(rows(['B', 'C']));
  expect(affected.take()).toHaveLength(3);
  expect(affected.take()).toEqual([]);
});
