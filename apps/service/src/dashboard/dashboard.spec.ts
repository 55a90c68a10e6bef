import { buildRow } from '@quantumtrade/dal-testing/records';
import type { TEST_TOKENS, TestService } from '../testing/test-service.js';
import { openTestService } from '../testing/test-service.js';
import { dashboard } from './dashboard.js';

const DAY_MS = 86_400_000;
const START = Date.UTC(2024, 0, 2);
const bar = (symbol: string, day: number, close = '100') =>
  buildRow('marketData', { symbol, timestamp: START + day * DAY_MS, close });

let service: TestService;
beforeAll(async () => {
  service = await openTestService({}, (database) => ({ plugins: [dashboard({ database })] }));
  const { database } = service;
  await database.insertMarketData({ source: 'a', records: [0, 1, 4].map((day) => bar('FULL', day)) });
  await database.insertMarketData({ source: 'a', records: [bar('FULL', 2)] });
  await database.insertMarketData({ source: 'a', records: [0, 2, 4].map((day) => bar('GAP', day)) });
  await database.insertMarketData({ source: 'b', records: [bar('GAP', 0, '100'), bar('GAP', 2, '101')] });
  await database.insertFeatures({
    symbol: 'FULL',
    timestamp: START + DAY_MS,
    features: { rsi: 55 },
    version: 1,
  });
  const predictions = [
    buildRow('predictions', {
      predictionId: 'p1',
      symbol: 'FULL',
      timestamp: START + DAY_MS,
      predictionHorizon: 60,
      predictedPrice: '102.5',
    }),
  ];
  await database.insertPredictions({ modelVersion: 'm', strategy: 's', predictions });
});
afterAll(() => service.close());

const read = async (path: string, as: keyof typeof TEST_TOKENS = 'reader') => {
  const response = await service.get(`/dashboard/api/${path}`, as);
  expect(response.statusCode).toBe(200);
  return response.json<any>(); // eslint-disable-line @typescript-eslint/no-explicit-any
};

describe('dashboard', () => {
  it('protects the data of each route and opens the page', async () => {
    for (const path of ['overview', 'slow', 'explain?id=1']) {
      expect((await service.get(`/dashboard/api/${path}`, null)).statusCode).toBe(401);
      expect((await service.get(`/dashboard/api/${path}`, 'reader')).statusCode).toBe(403);
    }
    for (const path of ['symbols', 'chart?symbol=FULL', 'completeness']) {
      expect((await service.get(`/dashboard/api/${path}`, null)).statusCode).toBe(401);
      expect((await service.get(`/dashboard/api/${path}`, 'operator')).statusCode).toBe(403);
    }
    const page = await service.get('/dashboard', null);
    expect([page.statusCode, page.headers['content-type']]).toEqual([200, 'text/html; charset=utf-8']);
    const policy = String(page.headers['content-security-policy']);
    expect(policy).toContain("default-src 'none'");
    expect(policy).not.toMatch(/unsafe|\*|http/);
    const again = await service.app.inject({
      url: '/dashboard',
      headers: { 'if-none-match': page.headers.etag as string },
    });
    expect(again.statusCode).toBe(304);
  });

  it.each(['../package.json', '%2e%2e/package.json', 'vendor/uPlot.cjs.js', 'vendor/', 'api'])(
    'serves no file beyond its list: %s',
    async (path) => {
      expect((await service.get(`/dashboard/${path}`, null)).statusCode).toBe(404);
    },
  );

  it('reports state, operations and schema as the API does', async () => {
    const overview = await read('overview', 'operator');
    const health = (await service.get('/healthz', 'operator')).json<{ degradedBy: string[] }>();
    expect(overview).toMatchObject({ live: true, health: { ready: true, degradedBy: health.degradedBy } });
    expect(overview.degradations.map(({ reason }: { reason: string }) => reason)).toEqual(health.degradedBy);
    const { operations } = (await service.get('/v1/performance', 'operator')).json<{ operations: object }>();
    expect(overview.operations['marketData.insert']).toEqual(
      (operations as Record<string, unknown>)['marketData.insert'],
    );
    expect(overview.schema).toMatchObject({ valid: true, drift: [] });
    expect(overview.deadLetters).toEqual({ count: 0, latest: [] });
  });

  it('returns candles with features and predictions over them', async () => {
    const chart = await read('chart?symbol=FULL&interval=1d');
    expect(chart).toMatchObject({ source: 'a', sources: ['a'] });
    expect(chart.candles).toHaveLength(4);
    expect(chart.candles[0]).toMatchObject({ time: START, close: 100, bars: 1 });
    expect(chart.features).toEqual({ rsi: [{ time: START + DAY_MS, value: 55 }] });
    expect(chart.predictions).toEqual({ s: [{ time: START + DAY_MS + 3_600_000, price: 102.5 }] });
    const empty = await read('chart?symbol=NONE');
    expect(empty).toMatchObject({ source: null, candles: [] });
  });

  it('refuses wrong parameters by name', async () => {
    const refused = await service.get('/dashboard/api/chart?symbol=FULL&interval=3s');
    expect(refused.statusCode).toBe(400);
    expect(refused.body).toContain('interval');
    expect((await service.get('/dashboard/api/chart?symbol=FULL&x=1')).statusCode).toBe(400);
  });

  it('finds missing days and closes that differ', async () => {
    const { daysSeen, symbols } = await read('completeness?days=30');
    expect(daysSeen).toBe(4);
    expect(symbols).toEqual([
      expect.objectContaining({
        symbol: 'GAP',
        bars: 5,
        missingDays: 1,
        missing: ['2024-01-03'],
        sources: ['a', 'b'],
        lateBars: 0,
        disagreements: 1,
      }),
      expect.objectContaining({ symbol: 'FULL', missingDays: 0, lateBars: 1, disagreements: 0 }),
    ]);
  });

  it('lists slow operations without values of filters, and explains them', async () => {
    await service.database.marketData.find({
      symbol: 'FULL',
      limit: 3,
      filters: { source: 'secret-source' },
    });
    const { operations } = await read('slow', 'operator');
    const found = operations.find(({ params }: { params: { limit?: number } | null }) => params?.limit === 3);
    expect(found).toMatchObject({
      operation: 'marketData.find',
      canExplain: true,
      params: { symbol: 'FULL', filters: 'source' },
    });
    expect(JSON.stringify(operations)).not.toContain('secret-source');
    expect(await read(`explain?id=${found.id}`, 'operator')).toMatchObject({ sql: expect.any(String) });
    expect((await service.get('/dashboard/api/explain?id=9999', 'operator')).statusCode).toBe(404);
  });
});
