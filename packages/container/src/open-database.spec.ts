import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readAuditTrail, verifyAuditTrail } from '@quantumtrade/dal-audit-trail';
import type { BackendProbe } from '@quantumtrade/dal-domain';
import { defineConfig, loadConfig } from '@quantumtrade/dal-config';
import { memoryCacheBackend, memoryTimeSeries } from '@quantumtrade/dal-memory';
import { Container, ContainerModule } from 'inversify';
import { buildRow } from '@quantumtrade/dal-testing/records';
import type { EmbeddedEngine } from './embedded-engine.js';
import { backendModule, clickHouseRedisModule, databaseModule, memoryModule } from './modules.js';
import { fileWriting } from './stores.js';
import { openDatabase } from './open-database.js';
import { TOKENS } from './tokens.js';

const bar = buildRow('marketData', { symbol: 'X', timestamp: 1_000, close: '1.5', volume: 10 });

describe('openDatabase', () => {
  it('returns a working data layer and the names of its backends', async () => {
    const { database, backends, close } = await openDatabase(memoryModule());
    await database.insertMarketData({ records: [bar], source: 'test' });
    expect((await database.getLatestMarketData('X', 1, { exact: true })).data[0]).toMatchObject({
      close: '1.5',
    });
    expect(backends).toEqual({ timeSeries: 'memory', cache: 'memory' });
    await close();
    await expect(database.getMarketData({})).rejects.toMatchObject({ code: 'CONNECTION' });
  });

  it('binds every port, observed like the facade', async () => {
    const { database, container, close } = await openDatabase(memoryModule());
    const repository = await container.getAsync(TOKENS.MarketDataRepository);
    expect(repository).toBe(database.marketData);
    await repository.insert({ records: [bar], source: 'test' });
    expect(database.operationStatistics()['marketData.insert']?.count).toBe(1);
    for (const token of Object.values(TOKENS)) {
      const optional: unknown[] = [
        TOKENS.EmbeddedClickHouse,
        TOKENS.BlockArchive,
        TOKENS.BackupCondition,
        TOKENS.AuditSink,
        TOKENS.AuditTrail,
      ];
      if (optional.includes(token)) continue;
      expect(await container.getAsync<unknown>(token)).toBeDefined();
    }
    await close();
  });

  it('records modifications under the given actor', async () => {
    const entries: unknown[] = [];
    const audit = { record: async (entry: object) => void entries.push(entry) };
    const { database, close } = await openDatabase(memoryModule(), {
      audit,
      actor: 'me',
      clock: { now: () => 7 },
    });
    await database.insertMarketData({ records: [bar], source: 'test' });
    expect(entries).toMatchObject([{ actor: 'me', at: 7, operation: 'marketData.insert', insertedCount: 1 }]);
    await close();
  });

  it('keeps the given audit trail and closes it last', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'qtdal-container-audit-'));
    const toml = `[audit]\ndirectory = "${directory}"\nactor = "ann"\nkey = "sesame"`;
    const { audit: auditTrail } = await loadConfig({ text: toml, env: {} });
    const entries: unknown[] = [];
    const audit = { record: async (entry: object) => void entries.push(entry) };
    const opened = await openDatabase(memoryModule(), { auditTrail, audit });
    await opened.database.insertMarketData({ records: [bar], source: 'test' });
    await opened.close();
    const report = await verifyAuditTrail(directory, { key: 'sesame' });
    expect(report).toMatchObject({ ok: true, keyed: true, records: 1 });
    for await (const { entry } of readAuditTrail(directory, { key: 'sesame' })) {
      expect(entry).toMatchObject({ actor: 'ann', operation: 'marketData.insert', insertedCount: 1 });
      expect(entries).toMatchObject([{ batchId: entry['batchId'] }]);
    }
    expect(opened.auditTrail?.stats()).toEqual({ recorded: 1, failed: 0, unreported: 0 });
    await rm(directory, { recursive: true });
  });

  it('uses the configured audit trail over every backend', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'qtdal-container-audit-'));
    const config = defineConfig({ backend: 'memory', audit: { directory, actor: 'ann' } });
    const { database, close } = await openDatabase(backendModule(config));
    await database.insertMarketData({ records: [bar], source: 'test' });
    await close();
    const byHand = new Container();
    await byHand.loadAsync(memoryModule(config), databaseModule({ actor: 'bob' }));
    await (await byHand.getAsync(TOKENS.MarketDataRepository)).insert({ records: [bar], source: 'test' });
    await byHand.unbindAllAsync();
    const actors: unknown[] = [];
    for await (const { entry } of readAuditTrail(directory)) actors.push(entry['actor']);
    expect(actors).toEqual(['ann', 'bob']);
    await rm(directory, { recursive: true });
  });

  it('closes all parts in order on unbindAllAsync', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'qtdal-container-audit-'));
    const config = defineConfig({ audit: { directory } });
    const container = new Container();
    await container.loadAsync(memoryModule(config), databaseModule());
    const database = await container.getAsync(TOKENS.Database);
    const trail = await container.getAsync(TOKENS.AuditTrail);
    const writer = await database.batchWriter({ maxAgeMs: 60_000 });
    const written = writer.write('marketData', { records: [bar], source: 'test' });
    await container.unbindAllAsync();
    expect(await written).toMatchObject({ acceptedCount: 1 });
    await expect(database.getMarketData({})).rejects.toMatchObject({ code: 'CONNECTION' });
    expect(trail.stats()).toMatchObject({ recorded: 1, failed: 0 });
    await trail.record({ operation: 'x' } as never);
    expect(trail.stats()).toMatchObject({ recorded: 1, failed: 1 });
    await rm(directory, { recursive: true });
  });

  it('rejects over a damaged audit trail', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'qtdal-container-audit-'));
    await writeFile(join(directory, 'head'), 'nothing\n');
    const { audit: auditTrail } = await loadConfig({ text: `[audit]\ndirectory = "${directory}"`, env: {} });
    await expect(openDatabase(memoryModule(), { auditTrail })).rejects.toMatchObject({ code: 'DAMAGED' });
    await rm(directory, { recursive: true });
  });

  it('keeps dead letters in the configured directory', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'qtdal-container-writer-'));
    const { writer } = await loadConfig({ text: `[writer]\ndirectory = "${directory}"`, env: {} });
    const inMemory = await openDatabase(memoryModule());
    const batchWriter = await inMemory.database.batchWriter({ maxAgeMs: 0 });
    await batchWriter.write('marketData', { records: [bar], source: 'test' });
    expect((await inMemory.database.getMarketData({})).totalCount).toBe(1);
    await inMemory.close();
    const block = { record: 'marketData', id: 'a', rowCount: 1, bytes: Buffer.from('x') } as const;
    const { deadLetters } = fileWriting(writer).storage;
    await deadLetters.add({ block, reason: { code: 'QUERY', message: 'no' }, at: 1 });
    expect(await readdir(join(directory, 'dead-letters'))).toHaveLength(1);
    await rm(directory, { recursive: true });
  });

  it('passes retry and block-size settings to every writer', async () => {
    const text = `[clickhouse]\nmax_insert_block_size = 7\n
      [clickhouse.retry]\nmax_attempts = 9\ninitial_delay_ms = 1\nmax_delay_ms = 2\nbackoff_multiplier = 1.5`;
    const config = await loadConfig({ text, env: {} });
    const { container, close } = await openDatabase(clickHouseRedisModule(config));
    expect(container.get(TOKENS.Writing)).toMatchObject({
      maxRows: 7,
      retry: { maxAttempts: 9, initialDelayMs: 1, maxDelayMs: 2, backoffMultiplier: 1.5 },
    });
    await close();
  });

  it.each(['memory', 'clickhouse-redis'])(
    'refuses batches dated beyond the configured skew on %s',
    async (backend) => {
      const text = `backend = "${backend}"\n[writer]\nmax_future_skew = 10`;
      const config = await loadConfig({ text, env: {} });
      const { database, close } = await openDatabase(backendModule(config), { clock: { now: () => 0 } });
      const batch = { records: [bar], source: 'test', timestamp: 10_001 };
      await expect(database.insertMarketData(batch)).rejects.toThrow(/more than 10 s in the future/);
      await close();
    },
  );

  it('opens the configured backend', async () => {
    const config = await loadConfig({ text: 'backend = "memory"', env: {} });
    const { backends, close } = await openDatabase(backendModule(config));
    expect(backends.timeSeries).toBe('memory');
    await close();
  });

  it('stops the engine even when closing fails', async () => {
    let stopped = false;
    const stuck: BackendProbe = {
      system: 'clickhouse',
      ping: async () => undefined,
      connectionCount: () => 0,
      close: () => Promise.reject(new Error('stuck')),
    };
    const module = new ContainerModule(({ bind }) => {
      bind(TOKENS.EmbeddedClickHouse)
        .toDynamicValue(() => ({ stop: async () => void (stopped = true) }) as never)
        .inSingletonScope()
        .onDeactivation((engine) => engine.stop());
      bind(TOKENS.TimeSeriesBackend)
        .toResolvedValue(
          (_engine: EmbeddedEngine) => ({ ...memoryTimeSeries(), probe: stuck }),
          [TOKENS.EmbeddedClickHouse],
        )
        .inSingletonScope();
      bind(TOKENS.CacheBackend).toConstantValue(memoryCacheBackend());
      bind(TOKENS.BackendNames).toConstantValue({ timeSeries: 'stuck', cache: 'none' });
    });
    const { close } = await openDatabase(module);
    await expect(close()).rejects.toThrow('stuck');
    expect(stopped).toBe(true);
  });
});

it.each<[object | null, string]>([
  [{ clok: {} }, 'clok'],
  [{ clock: {} }, 'clock'],
  [{ actor: 5 }, 'actor'],
  [{ onAuditTrailEvent: {} }, 'onAuditTrailEvent'],
  [null, 'options'],
])('openDatabase refuses the options %j by name', async (options, field) => {
  await expect(openDatabase(memoryModule(), options as object)).rejects.toMatchObject({
    code: 'VALIDATION',
    field,
  });
});
