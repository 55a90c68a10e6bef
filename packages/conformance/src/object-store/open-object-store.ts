import type { ObjectStore } from '@quantumtrade/dal-domain/operations';

/** An empty object store that nothing else uses. */
export interface OpenObjectStore {
  readonly store: ObjectStore;
  /** Whether the store locks objects. */
  readonly locks: boolean;
  /** Closes the store and removes what is in it. */
  close(): Promise<void>;
}

export type OpenObjectStoreFactory = () => Promise<OpenObjectStore>;

/** Returns the keys of all objects with a prefix, in the order of the list. */
export async function listedKeys(store: ObjectStore, prefix = ''): Promise<string[]> {
  const keys: string[] = [];
  for await (const { key } of store.list(prefix)) keys.push(key);
  return keys;
}
