export {
  DirectoryLockedError,
  type DirectoryEntry,
  type DirectoryLock,
  type FileHandle,
  type FileMode,
  type FileSystem,
} from './file-system.js';
export {
  createFile,
  errorCode,
  ignoreMissing,
  readFully,
  replaceFile,
  withFile,
  writeFully,
} from './files.js';
export { nodeFileSystem } from './node-file-system.js';
