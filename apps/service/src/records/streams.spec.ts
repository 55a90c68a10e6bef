import { tableFromIPC } from 'apache-arrow';
import { buildRow } from '@quantumtrade/dal-testing/records';
import { until } from '@quantumtrade/dal-testing';
import type { TestService } from '../testing/test-service.js';
import { openTestService, TEST_TOKENS } from '../testing/test-service.js';
import { ARROW } from './answers.js';

const ROWS = 5_000;
const START = Date.UTC(2024, 0, 2);
const STREAM = '/v1/records/marketData/stream?symbol=AAPL&batchRows=100';
const headers = { authorization: `Bearer ${TEST_TOKENS.reader}` };

let service: TestService;
let url: string;
beforeAll(async () => {
  service = await openTestService();
  url = await service.listen();
  const records = Array.from({ length: ROWS }, (_, i) =>
    buildRow('marketData', { symbol: 'AAPL', timestamp: START + i * 1_000, close: `${i}.00000001` }),
  );
  await service.database.insertMarketData({ source: 'vendor', records });
});
afterAll(() => service.close());

describe('/stream', () => {
  it('answers all rows as lines of JSON', async () => {
    const answer = await service.get(`${STREAM}&exact=true&select=close`);
    const lines = answer.body.trimEnd().split('\n');
    expect(answer.headers['content-type']).toBe('application/x-ndjson');
    expect([lines.length, lines[0], lines.at(-1)]).toEqual([
      ROWS,
      '{"close":"0.00000001"}',
      '{"close":"4999.00000001"}',
    ]);
  });

  it('answers an Arrow stream where the client accepts it', async () => {
    const answer = await service.app.inject({ url: STREAM, headers: { ...headers, accept: ARROW } });
    expect(answer.headers['content-type']).toBe(ARROW);
    expect(tableFromIPC(answer.rawPayload).numRows).toBe(ROWS);
  });

  it('answers rows in any order', async () => {
    const answer = await service.get(`${STREAM}&order=none&select=timestamp`);
    expect(new Set(answer.body.trimEnd().split('\n')).size).toBe(ROWS);
    const refused = await service.get(`${STREAM}&order=none&direction=descending`);
    expect([refused.statusCode, refused.json()]).toMatchObject([400, { field: 'direction' }]);
  });

  it('answers nothing where no row matches', async () => {
    const answer = await service.get('/v1/records/marketData/stream?symbol=NONE');
    expect([answer.statusCode, answer.body]).toEqual([200, '']);
  });

  it('answers a problem when the first batch fails', async () => {
    const answer = await service.get(`${STREAM}&order=time&maxScanRows=0`);
    expect([answer.statusCode, answer.json()]).toMatchObject([400, { field: 'maxScanRows' }]);
    const features = await service.get('/v1/records/features/stream?select=symbol');
    expect([features.statusCode, features.json()]).toMatchObject([400, { field: 'select' }]);
  });

  it('cuts the response off when a later batch fails', async () => {
    const repository = service.database.marketData as { stream: unknown };
    const { stream } = repository;
    repository.stream = async function* () {
      yield [{ symbol: 'AAPL' }];
      throw new Error('the store is lost');
    };
    try {
      const response = await fetch(url + STREAM, { headers });
      expect(response.status).toBe(200);
      await expect(response.text()).rejects.toThrow();
    } finally {
      repository.stream = stream;
    }
  });

  it('reads no further than the client takes, and ends when it leaves', async () => {
    let batches = 0;
    let isLeft = false;
    let options: { signal?: AbortSignal } = {};
    const repository = service.database.marketData as { stream: unknown };
    const { stream } = repository;
    repository.stream = async function* (_: object, given: typeof options) {
      options = given;
      try {
        for (;;) {
          batches++;
          yield Array.from({ length: 100 }, () => ({ text: 'x'.repeat(1_000) }));
        }
      } finally {
        isLeft = true;
      }
    };
    try {
      const left = new AbortController();
      const response = await fetch(url + STREAM, { headers, signal: left.signal });
      expect(response.status).toBe(200);
      let before = -1;
      await until(() => {
        const isStill = batches === before;
        before = batches;
        return isStill;
      });
      left.abort();
      await until(() => isLeft);
      expect(options.signal?.aborted).toBe(true);
    } finally {
      repository.stream = stream;
    }
  });
});
