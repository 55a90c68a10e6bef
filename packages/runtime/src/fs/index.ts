export { DirectoryLockedError, type DirectoryLock, type FileHandle, type FileSystem } from './file-system.js';
export { createFile, errorCode, ignoreMissing, replaceFile, writeFully } from './files.js';
export { nodeFileSystem } from './node-file-system.js';
