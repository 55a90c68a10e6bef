import type { TimeSeriesBackend } from '@quantumtrade/dal-domain';
import { HttpFaultProxy } from '@quantumtrade/dal-testing/proxies';
import { connectClickHouse } from '../backend.js';
import { openOwnBackend, type OwnBackend } from '../testing/own-backend.js';
import { barRows } from '../testing/native-records.js';

const ROWS = 2_000;

let own: OwnBackend;
let proxy: HttpFaultProxy;
let backend: TimeSeriesBackend;

beforeAll(async () => {
  own = await openOwnBackend();
  proxy = await HttpFaultProxy.start({ url: own.settings.url });
  backend = connectClickHouse({ ...own.settings, url: proxy.url });
});

afterAll(async () => {
  await backend.probe.close();
  await proxy.stop();
  await own.close();
});

const stored = async (source: string) =>
  (await own.backend.marketData.find({ filters: { source }, order: 'time' })).data.map(
    ({ symbol, volume }) => ({
      symbol,
      volume,
    }),
  );

/** Makes the proxy answer larger inserts with 413. Returns how many it has answered so. */
function limitBodies(maxBytes: number): () => number {
  let refusals = 0;
  proxy.gatewayStatus = (bytes) => {
    if (bytes <= maxBytes) return undefined;
    refusals++;
    return 413;
  };
  return () => refusals;
}

const given = barRows(ROWS).map(({ symbol, volume }) => ({ symbol, volume }));

it('stores a batch in parts when a gateway refuses its size', async () => {
  const refusals = limitBodies(20_000);
  const result = await backend.marketData.insert({ source: 'parts', records: barRows(ROWS) });
  expect(result).toMatchObject({ insertedCount: ROWS, updatedCount: 0, errors: [] });
  expect(refusals()).toBeGreaterThan(0);
  expect(await stored('parts')).toEqual(given);
});

it('stores a block once when sent in parts and then whole', async () => {
  const collector = backend.blocks.collect('marketData');
  collector.append({ source: 'block', records: barRows(ROWS) });
  const [block] = collector.finish();
  limitBodies(20_000);
  await backend.blocks.write(block!);
  await backend.blocks.write({ ...block!, bytes: Buffer.from(block!.bytes) });
  expect(await stored('block')).toEqual(given);
});

it('stores a block above the row limit by several inserts', async () => {
  limitBodies(Infinity);
  const limited = connectClickHouse({ ...own.settings, url: proxy.url, maxInsertBlockSize: 300 });
  const collector = limited.blocks.collect('marketData');
  collector.append({ source: 'rows', records: barRows(ROWS) });
  const [block] = collector.finish();
  const before = proxy.insertCount;
  await limited.blocks.write(block!);
  expect(proxy.insertCount - before).toBe(8);
  expect(await stored('rows')).toEqual(given);
  await limited.probe.close();
});

it('fails with TOO_LARGE when a single row is too large', async () => {
  limitBodies(10);
  const [bar] = barRows(1);
  const insert = backend.marketData.insert({ source: 'row', records: [bar!] });
  await expect(insert).rejects.toMatchObject({ name: 'QueryError', kind: 'TOO_LARGE', retryable: false });
  limitBodies(Infinity);
});
