export {
  DirectoryObjectStore,
  type DirectoryObjectStoreOptions,
} from './directory/directory-object-store.js';
export { MemoryObjectStore } from './memory-object-store.js';
export { openObjectStore, type ObjectStoreSettings } from './open-object-store.js';
export { S3ObjectStore, type S3ObjectStoreOptions } from './s3/s3-object-store.js';
export type { BackupSettings } from './settings.js';
export type { StoreLimits } from './store-calls.js';
