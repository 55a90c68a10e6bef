import type { CacheBackend } from '@quantumtrade/dal-domain';
import type { TestRunner } from '../runner.js';

/** An empty cache backend of an adapter under test, and what the suites need to see behind its ports. */
export interface OpenCache {
  readonly backend: CacheBackend;
  /**
   * Lets time pass for everything stored. The rate limiter's time must move by this alone; the expiry of keys may also
   * move by itself, as a server's does.
   */
  advance(milliseconds: number): Promise<void>;
  /** The time by which the backend says when the time of a value is over. */
  now(): number;
  /** Every key that is there, without any prefix of the adapter's own. */
  keys(): Promise<string[]>;
  /** How long the key still lives; null when it is not there. */
  ttlMs(key: string): Promise<number | null>;
  /** The text stored under a key as it is; null when there is none. */
  text(key: string): Promise<string | null>;
  /** Stores a text as any other writer could. It lives for an hour. */
  putText(key: string, text: string): Promise<void>;
  /** Everything stored, keys and values, as one text. */
  dump(): Promise<string>;
  close(): Promise<void>;
}

export type OpenCacheFactory = () => Promise<OpenCache>;

/** Declares tests that each get an empty backend of their own. */
export function withOpenCache({ it }: TestRunner, open: OpenCacheFactory) {
  return (name: string, body: (opened: OpenCache) => Promise<void>): void =>
    it(name, async () => {
      const opened = await open();
      try {
        await body(opened);
      } finally {
        await opened.close();
      }
    });
}
