export { KeyvStore, type KeyvStoreOptions } from './keyv-store.js';
