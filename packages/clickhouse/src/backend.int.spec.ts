import type { FeatureBatch } from '@quantumtrade/dal-domain';
import { openOwnBackend, type OwnBackend } from './testing/own-backend.js';

let own: OwnBackend;
beforeAll(async () => {
  own = await openOwnBackend();
});
afterAll(() => own.close());

it('returns every float64 and float32 bit for bit', async () => {
  const bits = new BigUint64Array(1);
  const float = new Float64Array(bits.buffer);
  const values = [5e-324, 2.2250738585072011e-308, 1.7976931348623157e308, -1e308, 0.1, 1e21, 2 ** 53, 1 / 3];
  // A multiplier of a well-known generator, so that a failure comes again.
  for (let state = 88172645463325252n; values.length < 2_000;) {
    state = (state * 6364136223846793005n + 1442695040888963407n) & 0xffff_ffff_ffff_ffffn;
    bits[0] = values.length % 4 === 0 ? state & 0x800f_ffff_ffff_ffffn : state;
    if (Number.isFinite(float[0])) values.push(float[0]! + 0);
  }
  const features = Object.fromEntries(values.map((value, i) => [`f${i}`, value]));
  const batch: FeatureBatch = { symbol: 'F', timestamp: 0, version: 1, features };
  await own.backend.features.insert([batch]);
  expect((await own.backend.features.latest('F'))!.features).toEqual(features);

  const ratios = values.map((value) => Math.fround(value) + 0).filter(Number.isFinite);
  await own.backend.strategyPerformance.insert({
    records: ratios.map((sharpeRatio, i) => ({
      strategyName: 'F',
      marketRegime: 'bull',
      timestamp: i,
      accuracyRate: 1,
      profitLoss: 0,
      sharpeRatio,
      maxDrawdown: 0,
      totalTrades: 0,
      winRate: 0,
      parameters: { exactly: values[i % values.length]! },
      marketConditions: {},
    })),
  });
  const { data } = await own.backend.strategyPerformance.find({ filters: { strategyName: 'F' } });
  expect(data.map(({ sharpeRatio }) => sharpeRatio)).toEqual(ratios);
  expect(data.map(({ parameters }) => parameters['exactly'])).toEqual(
    ratios.map((_, i) => values[i % values.length]),
  );
});

it('aggregates return the mean of floats whose sum overflows', async () => {
  const batches = [0, 1].map((timestamp) => ({
    symbol: 'INF',
    timestamp,
    version: 1,
    features: { f: 1.7e308 },
  }));
  await own.backend.features.insert(batches);
  const { data } = await own.backend.analytics.aggregate({ record: 'features', symbol: 'INF' });
  expect(data).toMatchObject([{ count: 2, max: 1.7e308, avg: 1.7e308 }]);
});

it('reads fail when the schema is missing', async () => {
  const { backend } = own;
  await backend.schema.migrate(0);
  await expect(backend.marketData.latest('X', 1)).rejects.toMatchObject({ name: 'QueryError' });
  await backend.schema.initialize();
  expect(await backend.schema.validate()).toMatchObject({ valid: true, drift: [] });
});
