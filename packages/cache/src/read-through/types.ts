import type { KeyParts, Keyspace, StoreReadOptions, TimeSource } from '@quantumtrade/dal-domain';
import type { KeyspaceOptions } from '../options.js';
import type { RecentWrites } from './recent-writes.js';

/** Receives each lookup of a read-through keyspace, with the pattern of its keys. */
export interface ReadThroughObserver {
  cacheLookup(hit: boolean, pattern: string): void;
}

/** Loads a value from the store, or null when the store has none. The cache owns the value: it freezes and shares it. */
export type StoreLoader<P extends string, T> = (
  parts: KeyParts<P>,
  limits: StoreReadOptions,
) => Promise<T | null>;

/** Source of the values of a read-through keyspace, and the observer of its lookups. */
export interface ReadThroughSource<P extends string, T> {
  readonly pattern: P;
  readonly load: StoreLoader<P, T>;
  readonly observer: ReadThroughObserver;
  /** Option keys that the calls accept. */
  readonly knownOptions: readonly string[];
  /** Numbers of writes whose affected keys are unknown. What is loaded meanwhile is not cached. */
  readonly untracked: { readonly running: number; readonly ended: number };
  /** Writes that loads have to see. */
  readonly recentWrites: RecentWrites;
  /** Prevents that the running load of a key is stored. */
  discard(this: void, key: string): Promise<unknown>;
}

export interface ReadThroughOptions {
  /** How the values of each key pattern are kept. */
  readonly keyspaces: Readonly<Record<string, KeyspaceOptions>>;
  readonly observer: ReadThroughObserver;
  /** Returns whether a read may be answered by a server that has not got this process's latest writes yet. @default never */
  readonly mayLag?: () => boolean;
  /** Time by which the values of the backend expire. @default the system's */
  readonly time?: TimeSource;
}

/** The latest value of a symbol that was written to the store, in the output or input form of the keyspace's codec. */
export interface WrittenValue {
  readonly keyspace: Keyspace<string, object>;
  readonly value: { readonly symbol: string };
}
