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
