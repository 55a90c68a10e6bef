import { expect, it } from '@jest/globals';
import type { EndpointStatus } from '@quantumtrade/dal-domain';
import { describeEndpoints } from './endpoints.js';

const healthy: EndpointStatus = {
  name: 'ch-1:8123',
  role: 'primary',
  shard: '1',
  state: 'healthy',
  inUse: 3,
  limit: 20,
  idle: 1,
  waiting: 0,
  waitedMs: 0,
  ejections: 0,
  latencyMs: 2.14,
  lastError: 'ECONNRESET',
  orphanedQueries: 0,
  quarantined: 0,
  orphanSeconds: 0,
};

it('several servers have a line each', () => {
  const ejected: EndpointStatus = {
    ...healthy,
    name: 'ch-2:8123',
    role: 'replica',
    state: 'ejected',
    quarantined: 2,
    latencyMs: null,
  };
  expect(describeEndpoints([healthy, ejected])).toEqual([
    'ch-1:8123 primary healthy, 3 in use, 1 idle, 0 waiting, 2.1 ms',
    'ch-2:8123 replica ejected, 3 in use, 1 idle, 0 waiting, 2 held for orphaned queries, last error ECONNRESET',
  ]);
});

it('single server needs no line', () => {
  expect([describeEndpoints([healthy]), describeEndpoints()]).toEqual([[], []]);
});
