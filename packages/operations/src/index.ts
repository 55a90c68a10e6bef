export { openArchive, type Archive, type ArchiveOptions, type ArchiveState } from './archive/archive.js';
