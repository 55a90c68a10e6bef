import { buildRow } from '@quantumtrade/dal-testing/records';
import { recordNames, records, type RecordDefinition } from '@quantumtrade/dal-domain';
import { z } from 'zod';
import { pageOf } from './records/answers.js';
import { rowSchemas } from './records/row-schemas.js';
import type { TestService } from './testing/test-service.js';
import { openTestService } from './testing/test-service.js';

const START = Date.UTC(2024, 0, 2);
const bar = (symbol: string, minute: number, close: string) =>
  buildRow('marketData', { symbol, timestamp: START + minute * 60_000, close });

const FEATURE_SET = {
  symbol: 'AAPL',
  timestamp: '2024-01-02',
  features: { rsi: 1.5 },
  metadata: { window: '14' },
  version: 1,
  calculationTimeMs: 1,
};

/** Returns a batch of one row in JSON. */
function batchOf({ name, batch }: RecordDefinition): object {
  if (batch.form === 'sets') return [FEATURE_SET];
  const row = buildRow(name as 'marketData', { timestamp: START });
  const labels = Object.values(batch.labels).map((member) => [member, 'test'] as const);
  return { ...Object.fromEntries(labels), [batch.rows]: [row] };
}

let service: TestService;
beforeAll(async () => {
  service = await openTestService({ open: ['openapi'] });
});
afterAll(() => service.close());

describe('read and write API', () => {
  it('stores a batch and returns its page exactly', async () => {
    const written = await service.post('/v1/records/marketData', {
      source: 'vendor',
      timestamp: '2024-01-03T00:00:00Z',
      records: [bar('AAPL', 0, '187.12345678'), bar('AAPL', 1, '1234567890.12345678'), { symbol: 'AAPL' }],
    });
    expect(written.json()).toMatchObject({ insertedCount: 2, failedCount: 1, errors: [{ index: 2 }] });
    const page = await service.get(
      '/v1/records/marketData?symbol=AAPL&select=close&select=timestamp&exact=true',
    );
    expect(page.json()).toMatchObject({
      data: [
        { close: '187.12345678', timestamp: '2024-01-02T00:00:00.000Z' },
        { close: '1234567890.12345678', timestamp: '2024-01-02T00:01:00.000Z' },
      ],
      totalCount: 2,
      hasMore: false,
    });
  });

  it.each(recordNames)('serves pages and explanations of %s', async (name) => {
    const page = await service.get(`/v1/records/${name}?limit=1`);
    expect([page.statusCode, page.json()]).toMatchObject([200, { hasMore: expect.any(Boolean) }]);
    const plan = await service.get(`/v1/records/${name}/explain`);
    expect([plan.statusCode, plan.json()]).toMatchObject([200, { sql: expect.any(String) }]);
  });

  it.each(recordNames)('answers rows of %s as the published schema says', async (name) => {
    const definition: RecordDefinition = records[name];
    const { item, batch } = rowSchemas(definition);
    const given = batchOf(definition);
    expect(z.safeParse(batch, given).error).toBeUndefined();
    const written = await service.post(`/v1/records/${name}`, given);
    expect(written.json()).toMatchObject({ insertedCount: 1, errors: [] });
    for (const exact of definition.batch.form === 'sets' ? [''] : ['&exact=true', '&exact=false']) {
      const page = (await service.get(`/v1/records/${name}?limit=1${exact}`)).json<{ data: object[] }>();
      expect(z.safeParse(pageOf(item), page).error).toBeUndefined();
      const fields = Object.keys(item instanceof z.ZodObject ? item.shape : {});
      expect(Object.keys(page.data[0]!).sort()).toEqual(fields.sort());
    }
  });

  it.each(recordNames)('names missing shards of %s where they are allowed', async (name) => {
    const definition: RecordDefinition = records[name];
    const url = `/v1/records/${name}`;
    await service.post(url, batchOf(definition));
    const exact = definition.batch.form === 'sets' ? '' : '&exact=true';
    const page = await service.get(`${url}?missingShards=allowed${exact}`);
    expect(page.json()).toMatchObject({ totalCount: expect.any(Number), missing: [] });
    expect((await service.get(`${url}?missingShards=refused${exact}`)).json()).not.toHaveProperty('missing');
    expect((await service.get(`${url}/stream?missingShards=allowed`)).statusCode).toBe(400);
    const by = definition.latest?.by ?? (definition.batch.form === 'sets' ? 'symbol' : undefined);
    if (by === undefined) return;
    for (const value of ['AAPL', `AAPL&${by}=B`]) {
      const latest = `${url}/latest?${by}=${value}${exact}`;
      const { data } = (await service.get(latest)).json<{ data: object[] }>();
      expect((await service.get(`${latest}&missingShards=allowed`)).json()).toEqual({ data, missing: [] });
      expect((await service.get(`${latest}&missingShards=refused`)).json()).toEqual({ data });
    }
  });

  it('publishes the routes of every record', async () => {
    const { paths } = (await service.get('/openapi.json', null)).json<{ paths: object }>();
    for (const name of recordNames) expect(paths).toHaveProperty([`/v1/records/${name}`, 'post']);
  });
});

describe('roles', () => {
  it.each([
    ['/livez', null, 200],
    ['/readyz', null, 200],
    ['/healthz', null, 401],
    ['/healthz', 'reader', 403],
    ['/healthz', 'operator', 200],
    ['/metrics', 'operator', 200],
    ['/metrics', 'reader', 403],
    ['/v1/records/marketData', null, 401],
    ['/v1/records/marketData', 'operator', 403],
    ['/v1/performance', 'reader', 403],
    ['/v1/performance', 'operator', 200],
    ['/v1/schema', 'operator', 200],
    ['/nothing', null, 404],
  ] as const)('answers %s by %s with %i', async (path, user, status) => {
    const { statusCode, headers } = await service.get(path, user);
    expect(statusCode).toBe(status);
    expect(headers['x-content-type-options']).toBe('nosniff');
  });
});
