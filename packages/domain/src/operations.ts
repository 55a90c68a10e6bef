export type { ArchivedBlock, BlockArchive } from './ports/archive.js';
export type { ObjectStore, PutOptions, StoredObject } from './ports/object-store.js';
export { requireDatabaseName } from './ports/backup.js';
export type {
  BackupBackend,
  ContentOptions,
  DatabaseSnapshot,
  PartitionContent,
  RestoreTarget,
  SnapshotBlock,
  SnapshotColumn,
  SnapshotPart,
  SnapshotTable,
} from './ports/backup.js';
