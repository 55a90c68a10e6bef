import type { EndpointStatus, ServerCondition } from '@quantumtrade/dal-domain';
import { ConnectionError } from '@quantumtrade/dal-domain';
import { memoryCacheBackend, memoryTimeSeries } from '@quantumtrade/dal-memory';
import { DatabaseAbstraction } from './database-abstraction.js';

it('health reports the schema version and the last success', async () => {
  const database = new DatabaseAbstraction({
    timeSeries: memoryTimeSeries(),
    cache: memoryCacheBackend(),
  });
  await database.initializeSchema();
  expect(await database.health()).toEqual({
    ready: true,
    degradedBy: [],
    clickhouseHealthy: true,
    redisHealthy: true,
    cache: { invalidationsConnected: true, reads: 'made', writes: 'made' },
    schemaVersion: expect.any(Number),
    pendingMigrations: 0,
    connectionCount: 0,
    lastSuccessfulQuery: expect.any(Date),
    guarantees: await database.inspectGuarantees(),
  });
  expect((await database.validateSchema()).valid).toBe(true);
});

it('health reports why invalidations are disconnected', async () => {
  const disconnectedReason = () => 'the server answered NOPERM';
  const invalidations = { listen: () => () => undefined, disconnectedReason };
  const database = new DatabaseAbstraction({
    timeSeries: memoryTimeSeries(),
    cache: { ...memoryCacheBackend(), invalidations },
  });
  expect((await database.health()).cache).toEqual({
    invalidationsConnected: false,
    disconnectedReason: 'the server answered NOPERM',
    reads: 'made',
    writes: 'made',
  });
});

it('health resolves when a backend is gone', async () => {
  const gone = () => Promise.reject(new ConnectionError('gone', { operation: 'ping' }));
  const memory = memoryTimeSeries();
  const database = new DatabaseAbstraction({
    timeSeries: {
      ...memory,
      schema: { ...memory.schema, preview: gone } as never,
      probe: { system: 'memory', ping: gone, connectionCount: () => 3, close: async () => undefined },
    },
    cache: memoryCacheBackend(),
  });
  expect(await database.health()).toEqual({
    ready: false,
    degradedBy: [],
    clickhouseHealthy: false,
    clickhouseError: 'Connection failed: gone',
    redisHealthy: true,
    cache: { invalidationsConnected: true, reads: 'made', writes: 'made' },
    schemaVersion: 0,
    pendingMigrations: 0,
    connectionCount: 3,
    lastSuccessfulQuery: null,
    guarantees: null,
  });
});

it('data layer is ready when only its schema cannot be read', async () => {
  const memory = memoryTimeSeries();
  const preview = () => Promise.reject(new ConnectionError('busy', { operation: 'schema.preview' }));
  const timeSeries = { ...memory, schema: { ...memory.schema, preview } as never };
  const database = new DatabaseAbstraction({ timeSeries, cache: memoryCacheBackend() });
  expect(await database.health()).toMatchObject({ ready: true, schemaVersion: 0, pendingMigrations: 0 });
});

it('health asks for answers within a second and reports each server', async () => {
  const memory = memoryTimeSeries();
  const server: EndpointStatus = {
    name: 'ch-1:8123',
    role: 'primary',
    shard: '1',
    state: 'ejected',
    inUse: 1,
    limit: 20,
    idle: 2,
    waiting: 3,
    waitedMs: 4,
    ejections: 1,
    latencyMs: 1.5,
    lastError: 'ECONNREFUSED',
    orphanedQueries: 1,
    quarantined: 1,
    orphanSeconds: 2.5,
  };
  const limits: number[] = [];
  const ping = async ({ deadline = Infinity } = {}) => void limits.push(deadline - Date.now());
  const database = new DatabaseAbstraction({
    timeSeries: { ...memory, probe: { ...memory.probe, ping, endpoints: () => [server] } },
    cache: memoryCacheBackend(),
  });
  expect(await database.health()).toMatchObject({ clickhouseHealthy: true, endpoints: [server] });
  expect(limits.every((limit) => limit <= 1_000)).toBe(true);
  expect(limits).toHaveLength(1);
  expect(await database.getPerformanceMetrics()).toMatchObject({ orphanSeconds: 2.5 });
});

const server: ServerCondition = { name: 'ch-1', disks: [], replication: [], partitions: [], mutations: [] };

/** Opens a data layer whose store has servers in these conditions. `asked` counts the calls. */
function withServers(...answers: (readonly ServerCondition[] | Error)[]) {
  const memory = memoryTimeSeries();
  const clock = { time: 0, now: () => clock.time };
  const state = { asked: 0, clock };
  const conditions = async () => {
    const answer = answers[Math.min(state.asked++, answers.length - 1)]!;
    if (answer instanceof Error) throw answer;
    return answer;
  };
  const timeSeries = { ...memory, probe: { ...memory.probe, conditions } };
  const cache = memoryCacheBackend({ clock });
  return { ...state, state, database: new DatabaseAbstraction({ timeSeries, cache, clock }) };
}

it.each<[string, Partial<ServerCondition>, string[]]>([
  ['in good condition', {}, []],
  ['unknown', { error: 'no right' }, []],
  [
    'nearly full',
    {
      disks: [
        { name: 'default', freeBytes: 99, totalBytes: 1_000 },
        { name: 'cold', freeBytes: 100, totalBytes: 1_000 },
      ],
    },
    ['ch-1: disk default has 9.9 % free'],
  ],
  [
    'behind',
    {
      replication: [
        { table: 'a', isReadOnly: false, delaySeconds: 59, queueSize: 999 },
        { table: 'b', isReadOnly: true, delaySeconds: 60, queueSize: 1_000 },
      ],
    },
    ['ch-1: b takes no writes', 'ch-1: b is 60 s behind', 'ch-1: b has 1000 replication tasks'],
  ],
  [
    'full of parts',
    {
      partitions: [
        { table: 'a', partition: '1', parts: 999, maxParts: 3_000 },
        { table: 'b', partition: '2', parts: 1_000, maxParts: 3_000 },
        { table: 'c', partition: '3', parts: 5_000, maxParts: 0 },
      ],
    },
    ['ch-1: partition 2 of b has 1000 parts, inserts are refused from 3000 on'],
  ],
  [
    'stuck in mutations',
    {
      mutations: [
        { table: 'a', mutation: 'm1', ageSeconds: 3_599, failure: null },
        { table: 'a', mutation: 'm2', ageSeconds: 3_600, failure: null },
        { table: 'b', mutation: 'm3', ageSeconds: 1, failure: 'CANNOT_PARSE_TEXT' },
      ],
    },
    ['ch-1: mutation m2 of a takes 3600 s', 'ch-1: mutation m3 of b fails (CANNOT_PARSE_TEXT)'],
  ],
])('health of a store whose server is %s', async (_case, condition, degradedBy) => {
  const servers = [{ ...server, ...condition }];
  const { database } = withServers(servers);
  expect(await database.health()).toMatchObject({ ready: true, degradedBy, servers });
});

it('conditions are asked for once in ten seconds', async () => {
  const { database, state } = withServers([server]);
  await Promise.all([database.health(), database.health()]);
  state.clock.time = 9_999;
  await database.health();
  expect(state.asked).toBe(1);
  state.clock.time = 10_000;
  await database.health();
  expect(state.asked).toBe(2);
});

it('conditions that are not known are asked for again', async () => {
  const { database, state } = withServers(new Error('away'), [{ ...server, error: 'late' }], [server]);
  expect((await database.health()).servers).toBeUndefined();
  expect((await database.health()).servers).toMatchObject([{ error: 'late' }]);
  await database.health();
  await database.health();
  expect(state.asked).toBe(3);
});

it('data layer is live until closed, and ready with a schema', async () => {
  const timeSeries = memoryTimeSeries();
  const database = new DatabaseAbstraction({ timeSeries, cache: memoryCacheBackend() });
  await database.migrateSchema(0);
  expect([database.isLive(), (await database.health()).ready]).toEqual([true, false]);
  await database.migrateSchema(3);
  const { ready, pendingMigrations, degradedBy } = await database.health();
  expect([ready, pendingMigrations > 0]).toEqual([true, true]);
  expect(degradedBy).toContain(`${pendingMigrations} migrations are pending`);
  await database.close();
  expect([database.isLive(), (await database.health()).ready]).toEqual([false, false]);
});
