import type { Sql, SqlParams } from '../connection/sql.js';
import type { SessionSettings } from '../connection/pinned-settings.js';
import type { ClusterSettings } from '../settings.js';
import { completeRetention } from '../storage/retention.js';
import { planClusterRetention } from './cluster-retention.js';

const TTL = 'timestamp + toIntervalDay(30) RECOMPRESS CODEC(ZSTD(3))';
const STATEMENT = `ALTER TABLE market_data MODIFY TTL ${TTL}`;

/** Applies retention to two shards, the first with two copies, and returns what each server ran. */
async function applied(copies: ClusterSettings['copies'], done: readonly string[] = []): Promise<string[]> {
  const ran: string[] = [];
  const serverOf = (name: string, shard: string) => {
    const engine = `MergeTree ORDER BY a${done.includes(name) ? ` TTL ${TTL}` : ''}`;
    const sql = {
      database: 'd',
      on: () => ({
        rows: async () => [{ name: 'market_data', engine, policy: 'default', volumes: ['default'] }],
      }),
      command: async (_: string, query: string, __?: SqlParams, ___?: object, settings?: SessionSettings) =>
        void ran.push(`${name}: ${query} (${settings?.['alter_sync'] ?? 'alone'})`),
    } as unknown as Sql;
    return { name, shard, sql };
  };
  const servers = [serverOf('a', '1'), serverOf('b', '1'), serverOf('c', '2')];
  const cluster: ClusterSettings = {
    name: 'bars',
    copies,
    quorum: 'majority',
    layout: [{ from: '', shards: 2 }],
  };
  const retention = completeRetention({ marketData: { recompressAfterDays: 30 } }, 'test');
  const plan = await planClusterRetention(servers, cluster, retention, 'storage.apply', {});
  await plan.apply({});
  return ran.sort();
}

it('retention of replicated tables is changed on one copy of each shard', async () => {
  expect(await applied('replicated')).toEqual([`a: ${STATEMENT} (2)`, `c: ${STATEMENT} (alone)`]);
  expect(await applied('replicated', ['a', 'c'])).toEqual([`b: ${STATEMENT} (2)`]);
});

it('retention of written copies is changed on each of them', async () => {
  expect(await applied('written', ['c'])).toEqual([`a: ${STATEMENT} (alone)`, `b: ${STATEMENT} (alone)`]);
});
