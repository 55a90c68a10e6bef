import { tableFromIPC } from 'apache-arrow';
import { buildOutput, buildRow } from '@quantumtrade/dal-testing/records';
import { until } from '@quantumtrade/dal-testing';
import { parseConfig } from '@quantumtrade/dal-config';
import type { ComposedDatabase } from '@quantumtrade/dal-container';
import { composeDatabase } from '@quantumtrade/dal-container';
import type { Service } from './create-service.js';
import { createService } from './create-service.js';
import { ARROW } from './records/answers.js';

const NAME = `service_${process.pid}`;
const WRITER = 'writer-token-0123456789';
const TRADER = 'trader-token-0123456789';
const START = Date.UTC(2024, 0, 2);

let composed: ComposedDatabase;
let service: Service;
beforeAll(async () => {
  const config = parseConfig(
    `[clickhouse]
    url = "${new URL(NAME, process.env['CLICKHOUSE_URL']).href}"
    [redis]
    url = "${process.env['REDIS_URL']}"
    key_prefix = "${NAME}:"
    [http]
    port = 0
    open = ["health"]
    tokens = [{ user = "walter", roles = ["read", "write"], token = "${WRITER}" }]
    rate_limit = { reads = 100 }
    stop = { drain_delay = 0 }`,
    {},
  );
  composed = await composeDatabase(config);
  await composed.database.initializeSchema();
  service = await createService({ database: composed.database, config: config.http });
});
afterAll(async () => {
  await service.stop();
  await composed.close();
});

const get = (url: string, token = WRITER, accept?: string) =>
  service.app.inject({ url, headers: { authorization: `Bearer ${token}`, ...(accept && { accept }) } });
const post = (url: string, payload: object) =>
  service.app.inject({ method: 'POST', url, payload, headers: { authorization: `Bearer ${WRITER}` } });

const bars = (symbol: string, count: number) =>
  Array.from({ length: count }, (_, i) =>
    buildRow('marketData', { symbol, timestamp: START + i * 60_000, close: `${i}.00000001` }),
  );

describe('service over ClickHouse and Redis', () => {
  it('reads what it wrote, in every form', async () => {
    const written = await post('/v1/records/marketData', { source: 'vendor', records: bars('AAPL', 3) });
    expect(written.json()).toMatchObject({ insertedCount: 3, errors: [] });
    const token = written.headers['write-token'] as string;
    expect(token).toBe(written.json<{ writeToken: string }>().writeToken);

    const page = await get(`/v1/records/marketData?symbol=AAPL&exact=true&limit=2&readAfter=${token}`);
    expect(page.json()).toMatchObject({ totalCount: 3, hasMore: true, data: [{ close: '0.00000001' }, {}] });
    const { nextCursor } = page.json<{ nextCursor: string }>();
    const next = await get(`/v1/records/marketData?symbol=AAPL&limit=2&cursor=${nextCursor}`);
    expect(next.json()).toMatchObject({ hasMore: false, data: [{ close: 2.00000001 }] });

    const latest = await get('/v1/records/marketData/latest?symbol=AAPL&symbol=NONE');
    expect(latest.json()).toMatchObject({ data: [{ symbol: 'AAPL', close: 2.00000001 }] });
    const daily = await get('/v1/records/marketData/aggregates?symbol=AAPL&interval=1d&exact=true');
    expect(daily.json()).toMatchObject({ data: [{ count: 3, max: '2.00000001' }] });
    const arrow = await get('/v1/records/marketData/stream?symbol=AAPL', WRITER, ARROW);
    expect(tableFromIPC(arrow.rawPayload).numRows).toBe(3);
    const plan = await get('/v1/records/marketData/explain?symbol=AAPL');
    expect(plan.json()).toMatchObject({ sql: expect.stringContaining('SELECT') });
  });

  it('writes small batches together and feature sets', async () => {
    const url = '/v1/records/marketData?buffered=true';
    const writes = await Promise.all(
      bars('MSFT', 10).map((bar) => post(url, { source: 'vendor', records: [bar] })),
    );
    expect(writes.map((write) => write.json<{ acceptedCount: number }>().acceptedCount)).toEqual(
      Array.from({ length: 10 }, () => 1),
    );
    const set = { symbol: 'MSFT', timestamp: '2024-01-02T00:00:00Z', features: { rsi: 55.5 }, version: 1 };
    expect((await post('/v1/records/features', set)).json()).toMatchObject({ insertedCount: 1 });
    const latest = await get('/v1/records/features/latest?symbol=MSFT');
    expect(latest.json()).toMatchObject({ data: [{ features: { rsi: 55.5 } }] });
  });

  it('finds predictions by id and those that are due', async () => {
    const prediction = buildRow('predictions', {
      predictionId: 'p/1 ?',
      timestamp: START,
      predictionHorizon: 60,
    });
    await post('/v1/records/predictions', { modelVersion: 'm', strategy: 's', predictions: [prediction] });
    const found = await get(`/v1/records/predictions/by-id/${encodeURIComponent('p/1 ?')}`);
    expect(found.json()).toMatchObject({ data: { predictionId: 'p/1 ?' } });
    expect((await get('/v1/records/predictions/by-id/none')).statusCode).toBe(404);
    const due = await get('/v1/records/predictions/due?horizonMinutes=60');
    expect(due.json()).toMatchObject({ data: [{ predictionId: 'p/1 ?' }], totalCount: 1 });
  });

  it('accepts tokens of the auth-context store until they are revoked', async () => {
    const { authContexts } = composed.database;
    await authContexts.save(TRADER, { userId: 'tess', roles: ['read'], permissions: [] });
    expect((await get('/v1/records/outcomes', TRADER)).headers['ratelimit']).toBe('"reads";r=99');
    expect((await get('/v1/performance', TRADER)).statusCode).toBe(403);
    await authContexts.revoke(TRADER);
    expect((await get('/v1/records/outcomes', TRADER)).statusCode).toBe(401);
  });

  it('reports its health with the state of the server', async () => {
    const { statusCode, body } = await service.app.inject('/healthz');
    expect([statusCode, JSON.parse(body)]).toMatchObject([
      200,
      { ready: true, clickhouseHealthy: true, redisHealthy: true, endpoints: [{ state: 'healthy' }] },
    ]);
  });

  it('sends live ticks', async () => {
    const url = await service.listen();
    const left = new AbortController();
    const headers = { authorization: `Bearer ${WRITER}` };
    const response = await fetch(`${url}/v1/ticks?symbol=AAPL`, { headers, signal: left.signal });
    let text = '';
    void (async () => {
      for await (const chunk of response.body!.pipeThrough(new TextDecoderStream())) text += chunk;
    })().catch(() => undefined);
    await until(async () => {
      await composed.database.marketStream.append('AAPL', [
        buildOutput('marketData', { close: '1.00000001' }),
      ]);
      return text.includes('event: tick');
    });
    expect(text).toContain('"close":"1.00000001"');
    left.abort();
  });
});
