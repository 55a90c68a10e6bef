export type { ArchivedBlock, ArchiveState, BlockArchive } from './ports/archive.js';
export { CREATE_TARGET_OPTIONS, requireDatabaseName } from './ports/backup.js';
export {
  checkObject,
  checkObjectKey,
  checkObjectKeys,
  checkObjectPrefix,
  checkRetention,
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
  CreateTargetOptions,
  RestoreTarget,
  SnapshotBlock,
  SnapshotColumn,
  SnapshotPart,
  SnapshotTable,
} from './ports/backup.js';
export {
  COMPARE_COPIES_OPTIONS,
  REPAIR_COPIES_OPTIONS,
  requireCopyOptions,
  type CompareCopiesOptions,
  type CopiedRows,
  type CopyComparison,
  type CopyContent,
  type CopyController,
  type CopyDifference,
  type CopyRepair,
  type RefusedCopy,
  type RepairCopiesOptions,
  type ShardPartition,
} from './ports/copies.js';
export {
  APPLY_RETENTION_OPTIONS,
  type ApplyRetentionOptions,
  type ExpiredRows,
  type PartitionStorage,
  type ServerStorage,
  type StorageController,
  type TableRetention,
} from './ports/storage.js';
