import type { CallOptions } from './call.js';

/** One object of an {@link ObjectStore}. */
export interface StoredObject {
  readonly key: string;
  /** Size in bytes. */
  readonly size: number;
  readonly modifiedAt: Date;
}

export interface PutOptions extends CallOptions {
  /** The object can be neither deleted nor replaced before this instant, where the store supports it. @default no lock */
  readonly retainUntil?: Date;
}

/**
 * Keeps objects of up to 64 MiB by key: a directory, or a bucket of S3. Keys are parts of letters, digits, `-`, `_` and `.`
 * joined by `/`. Each call is bounded in time. A store that is down, slow, full or refuses the credentials rejects with a
 * `DatabaseError` that says which, and never with the driver's own error.
 */
export interface ObjectStore {
  /** The place of the objects, without credentials, for messages: `/backups` or `s3://bucket/prefix`. */
  readonly location: string;
  /**
   * Stores an object as a whole: it is durable when this resolves, and a failed call leaves no part of it under its key. An
   * object of the same key is replaced.
   */
  put(key: string, bytes: Uint8Array, options?: PutOptions): Promise<void>;
  /** Returns the bytes of an object, or undefined when there is none. */
  get(key: string, options?: CallOptions): Promise<Uint8Array | undefined>;
  /** Returns all objects whose keys begin with the prefix, in ascending order of their keys' bytes. */
  list(prefix: string, options?: CallOptions): AsyncIterable<StoredObject>;
  /** Deletes objects; missing ones are skipped. A locked object rejects with an error that names its key. */
  deleteMany(keys: readonly string[], options?: CallOptions): Promise<void>;
  close(): Promise<void>;
}
