import type { DatabaseSnapshot } from '@quantumtrade/dal-domain/operations';
import { JoinedSnapshot } from './joined-snapshot.js';

/** Returns the snapshot of a shard that was taken between two seconds, and notes its release. */
function snapshotOf(from: number, to: number, serverVersion: string, released: string[]): DatabaseSnapshot {
  return {
    database: 'bars',
    startedAt: new Date(from * 1_000),
    completedAt: new Date(to * 1_000),
    schemaVersion: 3,
    serverVersion,
    tables: [],
    content: async () => [],
    read: async () => ({ rows: 0, bytes: new Uint8Array() }),
    release: async () => {
      released.push(serverVersion);
      if (serverVersion === '26.7') throw new Error('cut');
    },
  };
}

it('snapshot of shards lasts from the first start to the last end', () => {
  const joined = new JoinedSnapshot([
    snapshotOf(5, 8, '26.7', []),
    snapshotOf(4, 6, '26.3', []),
    snapshotOf(6, 9, '26.7', []),
  ]);
  expect([joined.startedAt, joined.completedAt]).toEqual([new Date(4_000), new Date(9_000)]);
  expect(joined.serverVersion).toBe('26.7, 26.3');
});

it('release of a shard that fails leaves out no other', async () => {
  const released: string[] = [];
  const joined = new JoinedSnapshot([snapshotOf(1, 2, '26.7', released), snapshotOf(1, 2, '26.3', released)]);
  await expect(joined.release()).rejects.toThrow('cut');
  expect(released).toEqual(['26.7', '26.3']);
});
