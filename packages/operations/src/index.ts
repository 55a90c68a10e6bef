export { openArchive, type Archive, type ArchiveOptions } from './archive/archive.js';
export { pruneArchive } from './archive/prune.js';
export { archivedWriters, retireWriter, type ArchivedWriter } from './archive/writers.js';
export {
  restoreTo,
  type BaseBackup,
  type RestoreToOptions,
  type RestoreToParts,
  type RestoreToReport,
} from './recovery/restore-to.js';
export { backupStatus, type BackupStatus, type BackupStatusOptions } from './backup/backup-status.js';
export { listBackups, type BackupSummary } from './backup/catalog.js';
export { createBackup, type CreateBackupOptions } from './backup/create-backup.js';
export type { BackupManifest, BackupObject, BackupTable } from './backup/manifest.js';
export { pruneBackups, type PruneBackupsOptions, type PrunedBackups } from './backup/prune-backups.js';
export { restoreBackup, type RestoreBackupOptions, type RestoredDatabase } from './backup/restore-backup.js';
export { restoreDrill, type RestoreDrillOptions } from './backup/restore-drill.js';
export type { Drill, ObjectProblem, BackupVerification } from './backup/results.js';
export { verifyBackup, type VerifyBackupOptions } from './backup/verify-backup.js';
