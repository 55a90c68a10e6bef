import { ConnectionError, type BackendProbe, type EndpointStatus } from '@quantumtrade/dal-domain';
import type { BackupCondition, StorageController } from '@quantumtrade/dal-domain/operations';
import { memoryCacheBackend, memoryDeadLetters, memoryTimeSeries } from '@quantumtrade/dal-memory';
import { ManualClock } from '@quantumtrade/dal-runtime';
import type { MetricFamily, MetricName } from '@quantumtrade/dal-telemetry';
import { bars } from '@quantumtrade/dal-testing/records';
import { DatabaseAbstraction } from '../database-abstraction.js';
import type { DatabaseParts } from '../database-parts.js';

const endpoint: EndpointStatus = {
  name: '[::1]:8123',
  role: 'primary',
  shard: '',
  state: 'ejected',
  inUse: 2,
  limit: 20,
  idle: 3,
  waiting: 4,
  waitedMs: 1_500,
  ejections: 1,
  latencyMs: null,
  lastError: null,
  orphanedQueries: 1,
  quarantined: 0,
  orphanSeconds: 2.5,
};

const open = (
  parts: Partial<DatabaseParts> = {},
  probe: Partial<BackendProbe> = {},
  usage?: StorageController['usage'],
) => {
  const memory = memoryTimeSeries();
  const storage = usage ? { ...memory.storage, usage } : memory.storage;
  return new DatabaseAbstraction({
    timeSeries: { ...memory, storage, probe: { ...memory.probe, ...probe } },
    cache: memoryCacheBackend(),
    ...parts,
  });
};

const valuesOf = (families: readonly MetricFamily[], name: MetricName) =>
  (families.find((family) => family.name === name)?.points ?? []).map(
    ({ attributes, value }) => [Object.values(attributes).join(' '), value] as const,
  );

it('operations are measured by system, name and error', async () => {
  const database = open();
  await database.insertMarketData(bars(['A']));
  await database.marketData.find({ limit: -1 }).catch(() => undefined);
  await database.cacheSet('k', 1, 60);
  const families = await database.metrics.collect();
  expect(valuesOf(families, 'db.client.operation.duration')).toEqual([
    ['memory marketData.insert', expect.objectContaining({ sum: expect.any(Number) })],
    ['memory marketData.find VALIDATION', expect.anything()],
    ['memory cache.set', expect.anything()],
  ]);
  expect(valuesOf(families, 'quantumtrade.dal.operation.errors')).toEqual([
    ['memory marketData.find VALIDATION', 1],
  ]);
});

it('cache reads are counted by level and result', async () => {
  const database = open();
  await database.insertMarketData(bars(['A']));
  for (let n = 0; n < 3; n++) await database.getLatestMarketData('A', 1);
  const families = await database.metrics.collect();
  expect(valuesOf(families, 'quantumtrade.dal.cache.requests')).toEqual([
    ['l1 hit', 2],
    ['l1 miss', 1],
    ['l2 hit', 0],
    ['l2 miss', 1],
  ]);
  expect(valuesOf(families, 'quantumtrade.dal.cache.entries')).toEqual([['', 1]]);
});

it('servers are measured by address, and storage by partition', async () => {
  const times = { oldest: 0, newest: 0 };
  const partition = {
    parts: 1,
    partsOfFullest: 1,
    rows: 10,
    compressedBytes: 100,
    uncompressedBytes: 300,
    ...times,
  };
  const partitions = [
    { table: 't', partition: '202401', ...partition },
    { table: 't', partition: 'other', ...partition, uncompressedBytes: 500, parts: 5, partsOfFullest: 3 },
  ];
  const database = open(
    {},
    {
      system: 'clickhouse',
      endpoints: () => [endpoint],
      retryBalance: () => 7.5,
    },
    () => Promise.resolve([{ name: endpoint.name, partitions, unfinishedMutations: 2, failedMutations: 1 }]),
  );
  const families = await database.metrics.collect();
  expect(valuesOf(families, 'db.client.connection.count').slice(0, 2)).toEqual([
    ['[::1]:8123 used', 2],
    ['[::1]:8123 idle', 3],
  ]);
  expect(valuesOf(families, 'quantumtrade.dal.connection.wait_time')).toEqual([['[::1]:8123', 1.5]]);
  expect(valuesOf(families, 'quantumtrade.dal.endpoint.state')).toEqual([
    ['[::1] 8123 primary healthy', 0],
    ['[::1] 8123 primary ejected', 1],
    ['[::1] 8123 primary probation', 0],
  ]);
  expect(valuesOf(families, 'quantumtrade.dal.orphan.duration')).toEqual([['[::1] 8123', 2.5]]);
  expect(valuesOf(families, 'quantumtrade.dal.retry_budget.balance')).toEqual([['clickhouse', 7.5]]);
  expect(valuesOf(families, 'quantumtrade.dal.storage.size')).toContainEqual([
    '[::1] 8123 t other uncompressed',
    500,
  ]);
  expect(valuesOf(families, 'quantumtrade.dal.storage.compression')).toEqual([['[::1] 8123 t', 4]]);
  expect(valuesOf(families, 'quantumtrade.dal.storage.parts.max')).toEqual([['[::1] 8123 t', 3]]);
  expect(valuesOf(families, 'quantumtrade.dal.mutations.unfinished')).toEqual([['[::1] 8123', 2]]);
  expect(valuesOf(families, 'quantumtrade.dal.mutations.failed')).toEqual([['[::1] 8123', 1]]);
});

it('storage is asked for once a minute, and sooner after an error', async () => {
  const clock = new ManualClock();
  let calls = 0;
  let error: string | undefined = 'no answer';
  const mutations = { unfinishedMutations: 0, failedMutations: 0 };
  const usage = () => {
    calls++;
    return Promise.resolve([{ name: 'ch:8123', partitions: [], ...mutations, ...(error && { error }) }]);
  };
  const database = open({ clock }, {}, usage);
  await database.metrics.collect();
  error = undefined;
  await database.metrics.collect();
  await database.metrics.collect();
  expect(calls).toBe(2);
  clock.advance(60_000);
  await database.metrics.collect();
  expect(calls).toBe(3);
});

it('health, dead letters and decisions without a store are measured', async () => {
  const gone = () => Promise.reject(new ConnectionError('gone', { operation: 'ping' }));
  const cache = memoryCacheBackend();
  const deadLetters = memoryDeadLetters();
  const database = open({
    writing: { storage: { deadLetters, openJournal: () => Promise.resolve(undefined) } },
    cache: {
      ...cache,
      rateLimiter: {
        consume: async ({ onUnavailable }) => ({
          ...{ allowed: onUnavailable === 'allow', count: 0, remaining: 0, retryAfterMs: 0 },
          isUnavailable: true,
        }),
      },
      probe: { ...cache.probe, ping: gone, breakers: () => [{ name: 'redis', state: 'half-open' }] },
    },
  });
  const block = { record: 'marketData', id: 'b', rowCount: 1, bytes: new Uint8Array(1) } as const;
  await deadLetters.add({ block, reason: { code: 'QUERY', message: 'refused' }, at: 0 });
  for (const onUnavailable of ['allow', 'deny', 'deny'] as const) {
    await database.rateLimiter.consume({ userId: 'u', endpoint: 'e', limit: 1, onUnavailable });
  }
  const families = await database.metrics.collect();
  expect(valuesOf(families, 'quantumtrade.dal.backend.up')).toEqual([
    ['store memory', 1],
    ['cache memory', 0],
  ]);
  expect(valuesOf(families, 'quantumtrade.dal.ready')).toEqual([['', 1]]);
  expect(valuesOf(families, 'quantumtrade.dal.degradations')).toEqual([['', 1]]);
  expect(valuesOf(families, 'quantumtrade.dal.dead_letters')).toEqual([['', 1]]);
  expect(valuesOf(families, 'quantumtrade.dal.breaker.state')).toContainEqual(['redis half-open', 1]);
  expect(valuesOf(families, 'quantumtrade.dal.rate_limiter.without_store')).toEqual([
    ['allow', 1],
    ['deny', 2],
  ]);
});

it('the archive is measured by the blocks it has not shipped', async () => {
  const clock = new ManualClock();
  const state = { oldestUnshippedAt: clock.now() - 2_500, unshippedBlocks: 3, failedBy: 'the store is down' };
  const database = open({ clock, archive: { state: () => state } });
  const families = await database.metrics.collect();
  expect(valuesOf(families, 'quantumtrade.dal.archive.depth')).toEqual([['', 3]]);
  expect(valuesOf(families, 'quantumtrade.dal.archive.age')).toEqual([['', 2.5]]);
  const { archive, degradedBy } = await database.health();
  expect(archive).toEqual(state);
  expect(degradedBy).toContain('blocks are not moved to the archive: the store is down');
});

describe('backups', () => {
  const backupNames = ['problems', 'age', 'copy.age', 'drill.age', 'drill.duration', 'drill.passed'] as const;
  const measured = async (backupCondition: DatabaseParts['backupCondition']) => {
    const clock = new ManualClock(Date.UTC(2026, 0, 2));
    const families = await open({ clock, backupCondition }).metrics.collect();
    return backupNames.map((name) => valuesOf(families, `quantumtrade.dal.backup.${name}`)[0]?.[1]);
  };

  it('backups are measured by age, last copy and last drill', async () => {
    const lastDrill = {
      startedAt: '2026-01-01T00:00:00.000Z',
      outcome: 'passed',
      durationMs: 1_500,
    } as const;
    const lastCopy = { reachesTo: '2026-01-01T23:59:30.000Z' };
    const condition = { problems: ['too old'], ageMs: 7_000, lastDrill, lastCopy };
    expect(await measured(() => Promise.resolve(condition))).toEqual([1, 7, 30, 86_400, 1.5, 1]);
    const failed = { ...condition, lastDrill: { ...lastDrill, outcome: 'failed' as const } };
    expect((await measured(() => Promise.resolve(failed))).at(-1)).toBe(0);
  });

  it('backups that cannot be read are a problem', async () => {
    const gone = () => Promise.reject(new ConnectionError('gone', { operation: 'test' }));
    expect(await measured(gone)).toEqual([1, ...Array(5).fill(undefined)]);
    expect(await measured(undefined)).toEqual(backupNames.map(() => undefined));
  });

  it('a scrape does not wait for a slow store', async () => {
    let answer: (condition: BackupCondition) => void;
    const slow = () => new Promise<BackupCondition>((resolve) => (answer = resolve));
    const database = open({ backupCondition: slow });
    expect(valuesOf(await database.metrics.collect(), 'quantumtrade.dal.backup.problems')).toEqual([]);
    answer!({ problems: [], ageMs: 0, lastDrill: null, lastCopy: null });
    expect(valuesOf(await database.metrics.collect(), 'quantumtrade.dal.backup.problems')).toEqual([['', 0]]);
  });
});
