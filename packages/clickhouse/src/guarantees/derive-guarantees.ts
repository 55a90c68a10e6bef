import type { RecordDefinition, TableGuarantees } from '@quantumtrade/dal-domain';
import { columnOf, tableGuarantees } from '@quantumtrade/dal-domain';
import type { DatabaseSettings, SettingValues, TableSettings } from './table-settings.js';

/** Returns the guarantees of a record's table. A guarantee that the engine's settings do not show does not hold. */
export function deriveGuarantees(definition: RecordDefinition, database: DatabaseSettings): TableGuarantees {
  const table = database.tables.get(definition.table);
  if (!table) return tableGuarantees(definition.table, undefined);
  const settings = settingsOf(table, database);
  const remembered = rememberedBlocks(table, settings, database.session);
  const notStored = notStoredReason(table, database.session);
  const notKeyed = notKeyedReason(table, definition);
  return tableGuarantees(table.name, {
    remembers: { blocks: remembered.blocks, seconds: remembered.seconds },
    reasons: {
      stored: notStored,
      synced: notStored ?? notSyncedReason(settings),
      replicated: notReplicatedReason(table, database.session),
      distinct: notDistinctReason(table, definition),
      idempotent: remembered.blocks > 0 || !notKeyed ? undefined : `${remembered.absence}, and ${notKeyed}`,
      keyed: notKeyed,
    },
  });
}

const isMergeTree = ({ engine }: TableSettings) => engine.endsWith('MergeTree');
const isReplicated = ({ engine }: TableSettings) => /^(Replicated|Shared)/.test(engine);
const isReplacing = ({ engine }: TableSettings) => engine.endsWith('ReplacingMergeTree');
const isOn = (value: string | undefined) => value === '1' || value === 'true';

/** Returns the table's own settings over the defaults of its kind. */
function settingsOf(table: TableSettings, database: DatabaseSettings): SettingValues {
  const defaults = isReplicated(table) ? database.replicatedTableDefaults : database.tableDefaults;
  const own = table.engineFull
    .split(' SETTINGS ')
    .at(-1)!
    .matchAll(/(\w+) = (\w+)/g);
  return { ...defaults, ...Object.fromEntries([...own].map(([, name, value]) => [name, value])) };
}

type RememberedBlocks = TableGuarantees['remembers'] & { readonly absence?: string };

function rememberedBlocks(
  table: TableSettings,
  settings: SettingValues,
  session: SettingValues,
): RememberedBlocks {
  const none = (absence: string): RememberedBlocks => ({ blocks: 0, seconds: null, absence });
  if (!isMergeTree(table)) return none(`engine ${table.engine} remembers no blocks`);
  // It overrides `insert_deduplicate`, which goes along with each insert; older engines do not have it.
  if (session['deduplicate_insert'] === 'disable') return none('deduplicate_insert is disable');
  const window = isReplicated(table)
    ? 'replicated_deduplication_window'
    : 'non_replicated_deduplication_window';
  const blocks = Number(settings[window] ?? 0);
  if (blocks === 0) return none(`${window} is 0`);
  if (!isReplicated(table)) return { blocks, seconds: null };
  return { blocks, seconds: Number(settings['replicated_deduplication_window_seconds'] ?? 0) };
}

function notStoredReason(table: TableSettings, session: SettingValues): string | undefined {
  if (!isMergeTree(table)) return `engine ${table.engine} is not of the MergeTree family`;
  if (isOn(session['async_insert']) && !isOn(session['wait_for_async_insert'])) {
    return 'async_insert is on and wait_for_async_insert off';
  }
  return undefined;
}

function notSyncedReason(settings: SettingValues): string | undefined {
  const off = ['fsync_after_insert', 'fsync_part_directory'].filter((name) => !isOn(settings[name]));
  return off.length === 0 ? undefined : `${off.join(' and ')} ${off.length > 1 ? 'are' : 'is'} off`;
}

function notReplicatedReason(table: TableSettings, session: SettingValues): string | undefined {
  if (!isReplicated(table)) return 'its engine has no replicas';
  const quorum = session['insert_quorum'] ?? '0';
  return quorum === 'auto' || Number(quorum) > 1 ? undefined : `insert_quorum is ${quorum}`;
}

/** Merges combine rows that agree in all columns of the sorting key. */
function notDistinctReason(table: TableSettings, { key }: RecordDefinition): string | undefined {
  if (!isMergeTree(table) || /^(Replicated|Shared)?MergeTree$/.test(table.engine)) return undefined;
  if (!isReplacing(table)) return `engine ${table.engine} makes one row of several`;
  const sorting = columnsOf(table.sortingKey);
  const absent = key.map(columnOf).filter((column) => !sorting.includes(column));
  return absent.length === 0 ? undefined : `its sorting key lacks ${absent.join(', ')}`;
}

function notKeyedReason(table: TableSettings, { key }: RecordDefinition): string | undefined {
  if (!isReplacing(table)) return `engine ${table.engine} does not replace rows`;
  if (!BY_WRITTEN_AT.test(table.engineFull)) return 'it does not replace rows by written_at';
  const columns = key.map(columnOf);
  if (columnsOf(table.sortingKey).toSorted().join() !== columns.toSorted().join()) {
    return `its sorting key is not ${columns.join(', ')}`;
  }
  // Versions of one row are replaced only where they are in one partition.
  const parts = [...table.partitionKey.matchAll(/\b[a-z_]\w*\b(?!\()/g)].map(([name]) => name);
  return parts.every((name) => columns.includes(name))
    ? undefined
    : 'its partition does not follow from its key';
}

/** The version is the only argument, or comes after a replicated table's path and name. */
const BY_WRITTEN_AT = /^\w+\(('[^']*', '[^']*', )?written_at\)/;

const columnsOf = (key: string): string[] => key.split(', ');
