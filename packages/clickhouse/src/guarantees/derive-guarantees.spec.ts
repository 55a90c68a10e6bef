import type { Guarantee } from '@quantumtrade/dal-domain';
import { records } from '@quantumtrade/dal-domain';
import { deriveGuarantees } from './derive-guarantees.js';
import type { DatabaseSettings, SettingValues, TableSettings } from './table-settings.js';

const REPLICATED = "ReplicatedReplacingMergeTree('/clickhouse/{uuid}', '{replica}', written_at)";

function derive(table: Partial<TableSettings>, session: SettingValues = {}, defaults: SettingValues = {}) {
  const engineFull = table.engineFull ?? 'ReplacingMergeTree(written_at)';
  const database: DatabaseSettings = {
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
  const { missing, remembers } = deriveGuarantees(records.marketData, database);
  const reasons: Partial<Record<Guarantee, string>> = {};
  for (const { guarantee, reason } of missing) reasons[guarantee] = reason;
  return { reasons, remembers };
}

it('replicated table remembers blocks for a limited time', () => {
  expect(derive({ engineFull: REPLICATED }).remembers).toEqual({ blocks: 10_000, seconds: 3_600 });
  const own = `${REPLICATED} ORDER BY x SETTINGS replicated_deduplication_window = 7, replicated_deduplication_window_seconds = 60`;
  expect(derive({ engineFull: own }).remembers).toEqual({ blocks: 7, seconds: 60 });
  const none = 'ReplicatedMergeTree ORDER BY x SETTINGS replicated_deduplication_window = 0';
  expect(derive({ engineFull: none }).reasons.idempotent).toBe(
    'replicated_deduplication_window is 0, and engine ReplicatedMergeTree does not replace rows',
  );
});

it('replicated table is keyed when its version is written_at', () => {
  expect(derive({ engineFull: REPLICATED }).reasons.keyed).toBeUndefined();
  expect(derive({ engineFull: REPLICATED.replace('written_at', 'volume') }).reasons.keyed).toMatch(
    /written_at/,
  );
});

it('table is replicated when a write waits for two replicas', () => {
  const by = (insert_quorum: string) =>
    derive({ engineFull: REPLICATED }, { insert_quorum }).reasons.replicated;
  expect(by('0')).toBe('insert_quorum is 0');
  expect(by('1')).toBe('insert_quorum is 1');
  expect(by('2')).toBeUndefined();
  expect(by('auto')).toBeUndefined();
  expect(derive({}, { insert_quorum: '2' }).reasons.replicated).toMatch(/no replicas/);
});

it('table without settings has the defaults of the engine', () => {
  const defaults = {
    non_replicated_deduplication_window: '5',
    fsync_after_insert: '1',
    fsync_part_directory: '1',
  };
  const { reasons, remembers } = derive({}, {}, defaults);
  expect(remembers.blocks).toBe(5);
  expect(reasons.synced).toBeUndefined();
  const own = 'ReplacingMergeTree(written_at) ORDER BY x SETTINGS fsync_part_directory = false';
  expect(derive({ engineFull: own }, {}, defaults).reasons.synced).toBe('fsync_part_directory is off');
});

it('table is not keyed when its partition depends on other columns', () => {
  const of = (partitionKey: string) => derive({ partitionKey }).reasons.keyed;
  expect(of('')).toBeUndefined();
  expect(of('(toYYYYMM(timestamp), symbol)')).toBeUndefined();
  expect(of('toYYYYMM(written_at)')).toBe('its partition does not follow from its key');
});

it.each(['SummingMergeTree', 'AggregatingMergeTree', 'ReplicatedCollapsingMergeTree(sign)'])(
  '%s is not distinct',
  (engineFull) => expect(derive({ engineFull }).reasons.distinct).toMatch(/makes one row of several/),
);

it('keyed table is idempotent without remembered blocks', () => {
  const { reasons, remembers } = derive({}, { deduplicate_insert: 'disable' });
  expect(remembers.blocks).toBe(0);
  expect(reasons.idempotent).toBeUndefined();
});
