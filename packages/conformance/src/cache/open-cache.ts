import type { CacheBackend } from '@quantumtrade/dal-domain';

/** Empty cache backend under test, with access to the stored data behind its ports. */
export interface OpenCache {
  readonly backend: CacheBackend;
  /**
   * Lets time pass for everything stored. The rate limiter's time must move by this alone; the expiry of keys may also
   * move by itself, as a server's does.
   */
  advance(milliseconds: number): Promise<void>;
  /** Returns the time of the backend's clock, in epoch milliseconds. */
  now(): number;
  /** Returns every stored key, without the adapter's prefix. */
  keys(): Promise<string[]>;
  /** Returns the remaining time to live of a key; null when it is absent. */
  ttlMs(key: string): Promise<number | null>;
  /** Returns the text stored under a key; null when it is absent. */
  text(key: string): Promise<string | null>;
  /** Stores a text for one hour, like another writer would. */
  putText(key: string, text: string): Promise<void>;
  /** Returns all stored keys and values as one text. */
  dump(): Promise<string>;
  close(): Promise<void>;
}

export type OpenCacheFactory = () => Promise<OpenCache>;
