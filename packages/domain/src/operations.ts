export type { ArchivedBlock, BlockArchive } from './ports/archive.js';
export type { ObjectStore, PutOptions, StoredObject } from './ports/object-store.js';
export type {
  BackupBackend,
  DatabaseSnapshot,
  PartitionContent,
  RestoreTarget,
  SnapshotColumn,
  SnapshotPart,
  SnapshotTable,
} from './ports/backup.js';
