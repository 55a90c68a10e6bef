export type { ArchivedBlock, ArchiveState, BlockArchive } from './ports/archive.js';
export { requireDatabaseName } from './ports/backup.js';
export {
  checkObject,
  checkObjectKey,
  checkObjectKeys,
  checkObjectPrefix,
  isObjectKey,
  MAX_OBJECT_BYTES,
  PUT_OPTIONS,
  type ObjectStore,
  type PutOptions,
  type StoredObject,
} from './ports/object-store.js';
export type { BackupCondition, ReadBackupCondition } from './ports/backup-condition.js';
export type {
  BackupBackend,
  ContentOptions,
  DatabaseSnapshot,
  PartitionContent,
  ReplayedBlock,
  RestoreTarget,
  SnapshotBlock,
  SnapshotColumn,
  SnapshotPart,
  SnapshotTable,
} from './ports/backup.js';
export {
  APPLY_RETENTION_OPTIONS,
  type ApplyRetentionOptions,
  type ExpiredRows,
  type PartitionStorage,
  type ServerStorage,
  type StorageController,
  type TableRetention,
} from './ports/storage.js';
