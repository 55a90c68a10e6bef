export {
  DirectoryObjectStore,
  type DirectoryObjectStoreOptions,
} from './directory/directory-object-store.js';
export { MemoryObjectStore } from './memory-object-store.js';
export type { StoreLimits } from './store-calls.js';
