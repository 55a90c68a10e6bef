import type { EndpointStatus } from '@quantumtrade/dal-domain';
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
    clickhouseHealthy: true,
    redisHealthy: true,
    cache: { invalidationsConnected: true, reads: 'made', writes: 'made' },
    schemaVersion: expect.any(Number),
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
      schema: { ...memory.schema, version: gone } as never,
      probe: { ping: gone, connectionCount: () => 3, close: async () => undefined },
    },
    cache: memoryCacheBackend(),
  });
  expect(await database.health()).toEqual({
    clickhouseHealthy: false,
    clickhouseError: 'Connection failed: gone',
    redisHealthy: true,
    cache: { invalidationsConnected: true, reads: 'made', writes: 'made' },
    schemaVersion: 0,
    connectionCount: 3,
    lastSuccessfulQuery: null,
    guarantees: null,
  });
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
