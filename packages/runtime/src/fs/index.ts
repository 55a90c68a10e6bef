export {
  DirectoryLockedError,
  type DirectoryLock,
  type FileHandle,
  type FileMode,
  type FileSystem,
} from './file-system.js';
export { createFile, errorCode, ignoreMissing, replaceFile, withFile, writeFully } from './files.js';
export { nodeFileSystem } from './node-file-system.js';
