import { cacheSuites } from '@quantumtrade/dal-conformance';
import { openCache } from './testing/open-cache.js';
import { RedisClusterProcesses } from './testing/redis-cluster.js';

const runner = { describe, it, beforeAll, afterAll, beforeEach, expect };
let cluster: RedisClusterProcesses;
beforeAll(async () => {
  cluster = await RedisClusterProcesses.start(3, 1);
});
afterAll(() => cluster.stop());

describe('three masters with a replica each', () => {
  cacheSuites(runner, async () => openCache(cluster.client, cluster.settings));
});
