import type { ServerCondition } from '@quantumtrade/dal-domain';
import { describeCondition } from './server-condition.js';

const server: ServerCondition = {
  name: 'ch-1:8123',
  disks: [
    { name: 'default', freeBytes: 5e9, totalBytes: 10e9 },
    { name: 'cold', freeBytes: 1e9, totalBytes: 10e9 },
  ],
  replication: [],
  partitions: [
    { table: 'features', partition: '202401', parts: 2, maxParts: 3_000 },
    { table: 'market_data', partition: '202401', parts: 5, maxParts: 3_000 },
  ],
  mutations: [],
};

it('condition names the fullest disk and partition', () => {
  expect(describeCondition(server)).toBe(
    'ch-1:8123: 1.0 of 10.0 GB free on cold, at most 5 of 3000 parts (market_data), 0 mutations',
  );
});

it('condition names replication only where tables are replicated', () => {
  const replication = [{ table: 'a', isReadOnly: false, delaySeconds: 3, queueSize: 0 }];
  expect(describeCondition({ ...server, disks: [], partitions: [], replication })).toBe(
    'ch-1:8123: 3 s behind, 0 mutations',
  );
});

it('condition that is not known has its reason', () => {
  expect(describeCondition({ ...server, error: 'no right' })).toBe('ch-1:8123: not known (no right)');
});
