import { ManualClock } from '@quantumtrade/dal-runtime';
import { until } from '@quantumtrade/dal-testing';
import { buildRow } from '@quantumtrade/dal-testing/records';
import type { ServiceParts } from './create-service.js';
import type { TestService } from './testing/test-service.js';
import { openTestService, TEST_TOKENS } from './testing/test-service.js';

const PAGE = '/v1/records/marketData';
const headers = { authorization: `Bearer ${TEST_TOKENS.writer}`, 'content-type': 'application/json' };

let service: TestService;
let url: string;
const open = async (stop: object, parts: Partial<ServiceParts> = {}) => {
  service = await openTestService({ stop }, parts);
  url = await service.listen();
};
afterEach(() => service.close());

/** Replaces the page of market data by one that waits, and returns what ends it. */
function blockReads(): { release: () => void; signal: () => AbortSignal | undefined } {
  let release = () => {};
  let signal: AbortSignal | undefined;
  const repository = service.database.marketData as { find: unknown };
  repository.find = (_: object, options: { signal: AbortSignal }) => {
    ({ signal } = options);
    return new Promise((resolve, reject) => {
      release = () => resolve({ data: [] });
      signal!.addEventListener('abort', () => reject(signal!.reason as Error));
    });
  };
  return { release: () => release(), signal: () => signal };
}

describe('stop', () => {
  it('ends readiness first, and serves calls for the drain delay', async () => {
    // The clock stands still, so that the delay does not end.
    await open({ drainDelayMs: 60_000, graceMs: 200_000 }, { clock: new ManualClock(Date.now()) });
    expect((await fetch(`${url}/readyz`)).status).toBe(200);
    void service.stop();
    expect((await fetch(`${url}/readyz`)).status).toBe(503);
    expect((await fetch(`${url}/livez`)).status).toBe(200);
    const answer = await fetch(url + PAGE, { headers });
    expect([answer.status, answer.headers.get('connection')]).toEqual([200, 'close']);
  });

  it('refuses new calls while those under way end', async () => {
    await open({ drainDelayMs: 0, graceMs: 60_000 });
    const reads = blockReads();
    const underWay = fetch(url + PAGE, { headers });
    await until(() => reads.signal() !== undefined);
    const stopped = service.stop();
    await until(async () => (await fetch(url + PAGE, { headers })).status === 503);
    const refused = await fetch(url + PAGE, { headers });
    expect(await refused.json()).toMatchObject({ code: 'STOPPING', retryable: true });
    expect([refused.headers.get('retry-after'), refused.headers.get('connection')]).toEqual(['1', 'close']);
    expect((await fetch(`${url}/livez`)).status).toBe(200);
    reads.release();
    expect((await underWay).status).toBe(200);
    await stopped;
    await expect(fetch(url + PAGE)).rejects.toThrow();
  });

  it('aborts calls that do not end in time, with 503', async () => {
    await open({ drainDelayMs: 0, graceMs: 300 });
    const reads = blockReads();
    const underWay = fetch(url + PAGE, { headers });
    await until(() => reads.signal() !== undefined);
    const stopped = service.stop();
    const answer = await underWay;
    expect([answer.status, await answer.json()]).toMatchObject([503, { code: 'STOPPING' }]);
    await stopped;
  });

  it('stores buffered rows before it resolves', async () => {
    await open({ drainDelayMs: 0, graceMs: 60_000 });
    const records = [buildRow('marketData', { symbol: 'AAPL', timestamp: Date.UTC(2024, 0, 2) })];
    const write = fetch(`${url}${PAGE}?buffered=true`, {
      method: 'POST',
      headers,
      body: JSON.stringify({ source: 'vendor', records }),
    });
    const receipt = await (await write).json();
    expect(receipt).toMatchObject({ acceptedCount: 1, durability: 'acknowledged' });
    await service.stop();
    expect((await service.database.getMarketData({ symbol: 'AAPL' })).totalCount).toBe(1);
  });

  it('returns the same outcome when it is called again', async () => {
    await open({ drainDelayMs: 0, graceMs: 1_000 });
    expect(service.stop()).toBe(service.stop());
    await service.stop();
  });
});
