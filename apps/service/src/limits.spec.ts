import { CacheError } from '@quantumtrade/dal-domain';
import type { TestService } from './testing/test-service.js';
import { openTestService, TEST_TOKENS } from './testing/test-service.js';

let service: TestService;
afterEach(() => service.close());

const PAGE = '/v1/records/marketData';

describe('rate limits', () => {
  it('refuse a user with the standard headers, and no other', async () => {
    service = await openTestService({ rateLimit: { reads: 2, windowMs: 60_000 } });
    const first = await service.get(PAGE);
    expect(first.headers).toMatchObject({ 'ratelimit-policy': '"reads";q=2;w=60', ratelimit: '"reads";r=1' });
    await service.get(PAGE);
    const refused = await service.get(PAGE);
    expect([refused.statusCode, refused.json()]).toMatchObject([
      429,
      { code: 'RATE_LIMITED', retryable: true },
    ]);
    expect(refused.headers['content-type']).toMatch(/^application\/problem\+json/);
    expect(refused.headers['ratelimit']).toMatch(/^"reads";r=0;t=\d+$/);
    expect(Number(refused.headers['retry-after'])).toBeGreaterThan(0);
    expect((await service.get(PAGE, 'writer')).statusCode).toBe(200);
    expect((await service.post(PAGE, { source: 'x', records: [] })).statusCode).toBe(200);
  });

  it('never apply to probes, health and metrics', async () => {
    service = await openTestService(
      { rateLimit: { reads: 1 } },
      { renderMetrics: async (accept) => ({ contentType: 'text/plain', body: `up 1 ${accept}` }) },
    );
    for (let i = 0; i < 3; i++) {
      expect((await service.get('/healthz', 'operator')).statusCode).toBe(200);
      expect((await service.get('/metrics', 'operator')).body).toBe('up 1 undefined');
    }
  });

  it.each([
    ['allow', 200],
    ['deny', 429],
  ] as const)('%s requests while the limiter is out of reach', async (fallback, status) => {
    service = await openTestService({ rateLimit: { fallback } });
    const limiter = service.database.rateLimiter as { consume: unknown };
    const { onUnavailable } = await new Promise<{ onUnavailable: string }>((resolve) => {
      limiter.consume = async (request: { onUnavailable: string }) => {
        resolve(request);
        const allowed = fallback === 'allow';
        return { allowed, count: 0, remaining: 0, retryAfterMs: allowed ? 0 : 1, isUnavailable: true };
      };
      void service.get(PAGE).then(({ statusCode, headers }) => {
        expect([statusCode, headers['ratelimit']]).toEqual([status, undefined]);
      });
    });
    expect(onUnavailable).toBe(fallback);
  });
});

describe('request limits', () => {
  it('answer 503 beyond the concurrent requests, but not to health and metrics', async () => {
    service = await openTestService({ maxConcurrentRequests: 1 });
    let release = () => {};
    const waiting = new Promise<void>((resolve) => (release = resolve));
    const repository = service.database.marketData as { find: unknown };
    repository.find = () => waiting.then(() => ({ data: [] }));
    const first = service.get(PAGE);
    const refused = await service.get(PAGE);
    expect([refused.statusCode, refused.headers['retry-after'], refused.json()]).toMatchObject([
      503,
      '1',
      { code: 'OVERLOADED', retryable: true },
    ]);
    expect((await service.get('/healthz', 'operator')).statusCode).toBe(200);
    expect((await service.get('/metrics', 'operator')).statusCode).toBe(200);
    release();
    expect((await first).statusCode).toBe(200);
    expect((await service.get(PAGE)).statusCode).toBe(200);
  });

  it('refuse a large body and one that is not JSON', async () => {
    service = await openTestService({ maxBodyBytes: 100 });
    const large = await service.post(PAGE, { source: 'x'.repeat(100), records: [] });
    expect([large.statusCode, large.json()]).toMatchObject([413, { code: 'REQUEST' }]);
    const headers = { authorization: `Bearer ${TEST_TOKENS.writer}`, 'content-type': 'application/json' };
    const broken = await service.app.inject({ method: 'POST', url: PAGE, headers, payload: '{"canary' });
    expect([broken.statusCode, broken.json()]).toMatchObject([400, { code: 'REQUEST' }]);
    expect(broken.body).not.toContain('canary');
  });

  it('give the calls of the data layer a deadline', async () => {
    service = await openTestService(
      { requestTimeoutMs: 5_000, streamTimeoutMs: 60_000 },
      { clock: { now: () => 1_000_000, after: () => () => {} } },
    );
    let deadline: number | undefined;
    const record = (_: object, options: { deadline?: number }) => {
      ({ deadline } = options);
      throw new CacheError('down', { operation: 'marketData.find' });
    };
    Object.assign(service.database.marketData, { find: record, stream: record });
    expect((await service.get(PAGE)).statusCode).toBe(503);
    expect(deadline).toBe(1_005_000);
    await service.get(`${PAGE}/stream`);
    expect(deadline).toBe(1_060_000);
  });
});
