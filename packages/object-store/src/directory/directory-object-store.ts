import { randomUUID } from 'node:crypto';
import { dirname, join, resolve } from 'node:path';
import { ValidationError, type CallOptions } from '@quantumtrade/dal-domain';
import {
  checkObject,
  checkObjectKey,
  checkObjectKeys,
  checkObjectPrefix,
  checkRetention,
  isObjectKey,
  PUT_OPTIONS,
  type ObjectStore,
  type PutOptions,
  type StoredObject,
} from '@quantumtrade/dal-domain/operations';
import { systemClock, type TimeSource } from '@quantumtrade/dal-runtime';
import {
  createFile,
  errorCode,
  nodeFileSystem,
  readFully,
  withFile,
  type DirectoryEntry,
  type FileSystem,
} from '@quantumtrade/dal-runtime/fs';
import { StoreCalls, type StoreLimits, type StoreCall } from '../store-calls.js';
import { directoryError } from './directory-error.js';

export interface DirectoryObjectStoreOptions extends StoreLimits {
  /** @default the machine's file system */
  readonly fs?: FileSystem;
}

/** Begins the names of temporary files, which no key has. */
const TEMPORARY = '.put-';

/** Age from which a temporary file is one that a dead process left (milliseconds). */
const STRAY_AGE_MS = 3_600_000;

/** Codes of operations on a path at which there is no object. */
const ABSENT = new Set(['ENOENT', 'ENOTDIR', 'EISDIR', 'ENXIO']);

/**
 * Keeps each object in a file of a directory, accessible to its owner alone. The directory is created with the first object. An object is
 * written to a temporary file, made durable and renamed, so that no reader and no crash finds a part of it; several processes may
 * use one directory. Listings remove temporary files that are older than an hour. It locks no objects and keeps no checksums.
 */
export class DirectoryObjectStore implements ObjectStore {
  readonly location: string;
  readonly #fs: FileSystem;
  readonly #clock: TimeSource;
  readonly #calls: StoreCalls;

  constructor(directory: string, { fs = nodeFileSystem, ...limits }: DirectoryObjectStoreOptions = {}) {
    this.location = resolve(directory);
    this.#fs = fs;
    this.#clock = limits.clock ?? systemClock;
    this.#calls = new StoreCalls(this.location, directoryError, limits);
  }

  async put(key: string, bytes: Uint8Array, options: PutOptions = {}): Promise<void> {
    const call = this.#calls.begin('put', options, PUT_OPTIONS);
    checkObjectKey(key, call.operation);
    checkObject(bytes, options, call.operation);
    if (options.retainUntil !== undefined) throw cannotLock(call);
    await call.request((signal) => this.#replace(join(this.location, key), bytes, signal));
  }

  async get(key: string, options?: CallOptions): Promise<Uint8Array | undefined> {
    const call = this.#calls.begin('get', options);
    checkObjectKey(key, call.operation);
    const path = join(this.location, key);
    const read = () => withFile(this.#fs, path, 'read', async (file) => readFully(file, await file.size()));
    return call.request(() => unlessAbsent(read()));
  }

  async *list(prefix: string, options?: CallOptions): AsyncGenerator<StoredObject, void, undefined> {
    const call = this.#calls.begin('list', options);
    checkObjectPrefix(prefix, call.operation);
    const folder = prefix.slice(0, prefix.lastIndexOf('/') + 1);
    yield* this.#walk(folder, prefix, call);
  }

  async deleteMany(keys: readonly string[], options?: CallOptions): Promise<void> {
    const call = this.#calls.begin('deleteMany', options);
    checkObjectKeys(keys, call.operation);
    const paths = keys.map((key) => join(this.location, key));
    for (const folder of new Set(paths.map(dirname))) {
      const removed = paths.filter((path) => dirname(path) === folder);
      await call.request(() => this.#remove(folder, removed));
    }
  }

  /** Rejects with `ValidationError`, unless there is no key. */
  async retain(keys: readonly string[], retainUntil: Date, options?: CallOptions): Promise<void> {
    const call = this.#calls.begin('retain', options);
    checkObjectKeys(keys, call.operation);
    checkRetention(retainUntil, call.operation);
    if (keys.length > 0) throw cannotLock(call);
  }

  async close(): Promise<void> {
    this.#calls.close();
  }

  async #replace(path: string, bytes: Uint8Array, signal: AbortSignal): Promise<void> {
    const folder = dirname(path);
    const temporary = join(folder, TEMPORARY + randomUUID());
    await this.#fs.makeDirectory(folder);
    try {
      await createFile(this.#fs, temporary, bytes.length > 0 ? [bytes] : []);
      // An attempt that hung must not undo a later put.
      signal.throwIfAborted();
      await this.#fs.rename(temporary, path);
    } catch (error) {
      await this.#fs.unlink(temporary).catch(() => undefined);
      throw error;
    }
    await this.#fs.syncDirectory(folder);
  }

  /** Yields the objects with a prefix of a folder and the folders in it, in order of their keys. */
  async *#walk(
    folder: string,
    prefix: string,
    call: StoreCall,
  ): AsyncGenerator<StoredObject, void, undefined> {
    const directory = join(this.location, folder);
    const entries = (await call.request(() => unlessAbsent(this.#fs.entries(directory)))) ?? [];
    const sorted = entries
      .map((entry) => ({ entry, key: folder + entry.name + (entry.isDirectory ? '/' : '') }))
      .sort((a, b) => (a.key < b.key ? -1 : 1));
    for (const { entry, key } of sorted) {
      if (!isObjectKey(folder + entry.name)) await this.#removeStray(directory, entry);
      else if (!key.startsWith(prefix)) continue;
      else if (entry.isDirectory) yield* this.#walk(key, prefix, call);
      else yield { key, size: entry.size, modifiedAt: entry.modifiedAt };
    }
  }

  async #removeStray(directory: string, { name, modifiedAt }: DirectoryEntry): Promise<void> {
    const isStray = name.startsWith(TEMPORARY) && this.#clock.now() - Number(modifiedAt) > STRAY_AGE_MS;
    // Whatever prevents it does not concern the listing.
    if (isStray) await this.#fs.unlink(join(directory, name)).catch(() => undefined);
  }

  /** Removes files of a folder, and the folders that are empty then. */
  async #remove(folder: string, paths: readonly string[]): Promise<void> {
    for (const path of paths) await unlessAbsent(this.#fs.unlink(path));
    await unlessAbsent(this.#fs.syncDirectory(folder));
    for (let empty = folder; empty !== this.location; empty = dirname(empty)) {
      const isRemoved = await this.#fs.removeDirectory(empty).then(
        () => true,
        () => false,
      );
      if (!isRemoved) return;
    }
  }
}

const cannotLock = ({ details }: StoreCall): ValidationError =>
  new ValidationError('retainUntil', 'a directory cannot lock objects', details);

/** Returns an operation's outcome, or undefined when there is no object at its path. */
async function unlessAbsent<T>(operation: Promise<T>): Promise<T | undefined> {
  try {
    return await operation;
  } catch (error) {
    if (!ABSENT.has(errorCode(error) ?? '')) throw error;
    return undefined;
  }
}
