import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startEmbeddedClickHouse } from '@quantumtrade/dal-clickhouse-embedded';
import { parseConfig } from '@quantumtrade/dal-config';
import { Container, type ContainerModule } from 'inversify';
import { buildRow } from '@quantumtrade/dal-testing/records';
import { clickHouseRedisModule, databaseModule, embeddedModule, memoryModule } from './modules.js';
import type { OpenDatabase } from './open-database.js';
import { openDatabase } from './open-database.js';
import { TOKENS } from './tokens.js';

const redisUrl = process.env['REDIS_URL']!;
const nobody = 'redis://127.0.0.1:9';
const writerDirectory = mkdtempSync(join(tmpdir(), 'wiring-writer-'));
afterAll(() => rmSync(writerDirectory, { recursive: true }));
const config = (redis: string, clickhouse = '') =>
  parseConfig(
    `[writer]\ndirectory = "${writerDirectory}"\n[redis]\nurl = "${redis}"\n[clickhouse]\ndatabase = "wiring"\n${clickhouse}`,
    {},
  );
const temporary = (redis: string) => ({ ...config(redis), embedded: {} });

const isAlive = (pid: number): boolean => {
  try {
    // A zombie answers to signals: what counts is its state.
    return !/^Z/.test(
      execFileSync('ps', ['-o', 'stat=', '-p', String(pid)])
        .toString()
        .trim(),
    );
  } catch {
    return false;
  }
};

let uses = 0;

/** Uses a data layer as an application does, in the same way for every backend. */
async function useIt({ database }: OpenDatabase): Promise<void> {
  await database.initializeSchema();
  expect(await database.validateSchema()).toMatchObject({ valid: true });
  const symbol = `WIRING-${process.pid}-${++uses}`;
  const records = [buildRow('marketData', { symbol, timestamp: 60_000, close: '1.00000001', volume: 10 })];
  expect(await database.insertMarketData({ records, source: 'test' })).toMatchObject({ failedCount: 0 });
  const ask = () => database.getLatestMarketData(symbol, 1, { exact: true });
  expect((await ask()).data).toMatchObject([{ close: '1.00000001' }]);
  expect(await ask()).toMatchObject({ cacheHit: true, data: [{ close: '1.00000001' }] });
  const committed = await database.transaction((tx) => {
    tx.insertMarketData({ records: [{ ...records[0]!, timestamp: 120_000, close: '2' }], source: 'test' });
    tx.insertFeatures({ symbol, timestamp: 120_000, version: 1, features: { x: 1, y: 2 } });
    tx.cacheSet(`signal:${symbol}`, { buy: true }, 60);
  });
  expect(committed).toMatchObject({ rowCounts: { marketData: 1, features: 2 }, cacheKeyCount: 1 });
  expect(await ask()).toMatchObject({ cacheHit: false, data: [{ close: '2' }] });
  expect((await database.getLatestFeatures(symbol))?.features).toEqual({ x: 1, y: 2 });
  expect(await database.cacheGet(`signal:${symbol}`)).toEqual({ buy: true });
  expect(await database.health()).toMatchObject({ clickhouseHealthy: true, redisHealthy: true });
}

async function withDatabase(
  module: ContainerModule,
  use: (opened: OpenDatabase) => Promise<void>,
): Promise<void> {
  const opened = await openDatabase(module);
  try {
    await use(opened);
  } finally {
    await opened.close();
  }
}

describe('openDatabase', () => {
  it('works in memory', () => withDatabase(memoryModule(), useIt));

  it('uses the Redis that answers beside the embedded engine', () =>
    withDatabase(embeddedModule(temporary(redisUrl)), async (opened) => {
      expect(opened.backends.cache).toBe(`Redis at ${redisUrl}`);
      expect(opened.backends.timeSeries).toMatch(/^embedded ClickHouse at http:\/\/127\.0\.0\.1:\d+$/);
      await useIt(opened);
    }));

  it('continues when the embedded engine ends', () =>
    withDatabase(embeddedModule(temporary(nobody)), async (opened) => {
      await useIt(opened);
      const server = await opened.container.getAsync(TOKENS.EmbeddedClickHouse);
      const engine = Number(execFileSync('ps', ['-o', 'pid=', '--ppid', String(server.pid)]).toString());
      process.kill(engine, 'SIGKILL');
      expect(await opened.database.getMarketData({})).toMatchObject({ totalCount: 2 });
      await useIt(opened);
      expect(server.restarts).toBe(1);
    }));

  it('uses the memory cache when no Redis answers', () =>
    withDatabase(embeddedModule(temporary(nobody)), async (opened) => {
      expect(opened.backends.cache).toBe('memory (no Redis answered)');
      await useIt(opened);
    }));

  it('uses the memory cache when another server listens', async () => {
    const silent = createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => silent.once('listening', resolve));
    const url = `redis://127.0.0.1:${(silent.address() as AddressInfo).port}`;
    await withDatabase(embeddedModule(temporary(url)), async ({ backends }) => {
      expect(backends.cache).toBe('memory (no Redis answered)');
    });
    silent.close();
  });

  it('works on ClickHouse and Redis servers', async () => {
    const server = await startEmbeddedClickHouse();
    const { url, username, password } = server;
    const own = config(redisUrl, `url = "${url}"\nusername = "${username}"\npassword = "${password}"`);
    try {
      await withDatabase(clickHouseRedisModule(own), async (opened) => {
        expect(opened.backends).toEqual({
          timeSeries: `ClickHouse at ${url}`,
          cache: `Redis at ${redisUrl}`,
        });
        await useIt(opened);
      });
    } finally {
      await server.stop();
    }
  });
});

describe('close', () => {
  it('stops the engine and removes its temporary data', async () => {
    const opened = await openDatabase(embeddedModule(temporary(redisUrl)));
    const { pid, dataDirectory } = await opened.container.getAsync(TOKENS.EmbeddedClickHouse);
    expect(isAlive(pid)).toBe(true);
    await opened.close();
    expect(isAlive(pid)).toBe(false);
    expect(existsSync(dataDirectory)).toBe(false);
  });

  it('stores buffered rows before the engine stops on unbindAllAsync', async () => {
    const container = new Container();
    await container.loadAsync(embeddedModule(temporary(nobody)), databaseModule());
    const engine = await container.getAsync(TOKENS.EmbeddedClickHouse);
    const database = await container.getAsync(TOKENS.Database);
    await database.initializeSchema();
    const writer = await database.batchWriter({ maxAgeMs: 60_000 });
    const records = [buildRow('marketData', { symbol: 'X', timestamp: 60_000 })];
    const written = writer.write('marketData', { records, source: 'test' });
    await container.unbindAllAsync();
    expect(await written).toMatchObject({ acceptedCount: 1 });
    expect(isAlive(engine.pid)).toBe(false);
  });

  it('keeps the data of a named directory', async () => {
    const dataDirectory = mkdtempSync(join(tmpdir(), 'wiring-'));
    const kept = embeddedModule.bind(null, { ...config(nobody), embedded: { dataDirectory } });
    await withDatabase(kept(), useIt);
    await withDatabase(kept(), async ({ database }) => {
      expect(await database.getMarketData({})).toMatchObject({ totalCount: 2 });
    });
    rmSync(dataDirectory, { recursive: true });
  });

  it('leaves nothing open when the engine cannot start', async () => {
    const file = join(mkdtempSync(join(tmpdir(), 'wiring-')), 'file');
    writeFileSync(file, 'no directory');
    const broken = embeddedModule({ ...config(redisUrl), embedded: { dataDirectory: file } });
    const sockets = () => process.getActiveResourcesInfo().filter((kind) => kind === 'TCPSocketWrap').length;
    const before = sockets();
    await expect(openDatabase(broken)).rejects.toMatchObject({
      code: 'CONNECTION',
      operation: 'embedded.start',
    });
    expect(sockets()).toBe(before);
    rmSync(join(file, '..'), { recursive: true });
  });
});
