import type { Guarantee } from '@quantumtrade/dal-domain';
import { records } from '@quantumtrade/dal-domain';
import { judge } from './judge.js';
import type { DatabaseFacts, Settings, TableFacts } from './table-facts.js';

const REPLICATED = "ReplicatedReplacingMergeTree('/clickhouse/{uuid}', '{replica}', written_at)";

function judged(table: Partial<TableFacts>, session: Settings = {}, defaults: Settings = {}) {
  const engineFull = table.engineFull ?? 'ReplacingMergeTree(written_at)';
  const facts: DatabaseFacts = {
    tables: new Map([
      [
        'market_data',
        {
          name: 'market_data',
          engine: engineFull.split('(')[0]!.split(' ')[0]!,
          engineFull,
          sortingKey: 'symbol, timestamp, source',
          partitionKey: 'toYYYYMM(timestamp)',
          ...table,
        },
      ],
    ]),
    tableDefaults: { non_replicated_deduplication_window: '0', ...defaults },
    replicatedTableDefaults: {
      replicated_deduplication_window: '10000',
      replicated_deduplication_window_seconds: '3600',
    },
    session: { async_insert: '0', wait_for_async_insert: '1', insert_quorum: '0', ...session },
  };
  const { missing, remembers } = judge(records.marketData, facts);
  const reasons: Partial<Record<Guarantee, string>> = {};
  for (const { guarantee, reason } of missing) reasons[guarantee] = reason;
  return { reasons, remembers };
}

it('knows the blocks of a replicated table for a time only, by that table’s settings', () => {
  expect(judged({ engineFull: REPLICATED }).remembers).toEqual({ blocks: 10_000, seconds: 3_600 });
  const own = `${REPLICATED} ORDER BY x SETTINGS replicated_deduplication_window = 7, replicated_deduplication_window_seconds = 60`;
  expect(judged({ engineFull: own }).remembers).toEqual({ blocks: 7, seconds: 60 });
  const none = 'ReplicatedMergeTree ORDER BY x SETTINGS replicated_deduplication_window = 0';
  expect(judged({ engineFull: none }).reasons.idempotent).toBe(
    'replicated_deduplication_window is 0, and engine ReplicatedMergeTree does not replace rows',
  );
});

it('finds the version of a replicated table behind its path', () => {
  expect(judged({ engineFull: REPLICATED }).reasons.keyed).toBeUndefined();
  expect(judged({ engineFull: REPLICATED.replace('written_at', 'volume') }).reasons.keyed).toMatch(
    /written_at/,
  );
});

it('is replicated when a write waits for a second replica', () => {
  const by = (insert_quorum: string) =>
    judged({ engineFull: REPLICATED }, { insert_quorum }).reasons.replicated;
  expect(by('0')).toBe('insert_quorum is 0');
  expect(by('1')).toBe('insert_quorum is 1');
  expect(by('2')).toBeUndefined();
  expect(by('auto')).toBeUndefined();
  expect(judged({}, { insert_quorum: '2' }).reasons.replicated).toMatch(/no replicas/);
});

it('takes the defaults of the engine where a table says nothing itself', () => {
  const defaults = {
    non_replicated_deduplication_window: '5',
    fsync_after_insert: '1',
    fsync_part_directory: '1',
  };
  const { reasons, remembers } = judged({}, {}, defaults);
  expect(remembers.blocks).toBe(5);
  expect(reasons.synced).toBeUndefined();
  const own = 'ReplacingMergeTree(written_at) ORDER BY x SETTINGS fsync_part_directory = false';
  expect(judged({ engineFull: own }, {}, defaults).reasons.synced).toBe('fsync_part_directory is off');
});

it('is not keyed where versions of one row may be in two partitions', () => {
  const of = (partitionKey: string) => judged({ partitionKey }).reasons.keyed;
  expect(of('')).toBeUndefined();
  expect(of('(toYYYYMM(timestamp), symbol)')).toBeUndefined();
  expect(of('toYYYYMM(written_at)')).toBe('its partition does not follow from its key');
});

it.each(['SummingMergeTree', 'AggregatingMergeTree', 'ReplicatedCollapsingMergeTree(sign)'])(
  'does not take %s for a table of distinct rows',
  (engineFull) => expect(judged({ engineFull }).reasons.distinct).toMatch(/makes one row of several/),
);

it('counts a block once by its key alone, where the engine knows no blocks', () => {
  const { reasons, remembers } = judged({}, { deduplicate_insert: 'disable' });
  expect(remembers.blocks).toBe(0);
  expect(reasons.idempotent).toBeUndefined();
});
