import {
  checkObject,
  checkObjectKey,
  checkObjectKeys,
  checkObjectPrefix,
  checkRetention,
  PUT_OPTIONS,
  type ObjectStore,
  type PutOptions,
  type StoredObject,
} from '@quantumtrade/dal-domain/operations';
import type { CallOptions } from '@quantumtrade/dal-domain';
import { systemClock, type TimeSource } from '@quantumtrade/dal-runtime';
import { StoreCalls, type CallDetails } from './store-calls.js';
import { objectLocked, objectMissing, requestRefused } from './store-errors.js';

interface MemoryObject {
  readonly bytes: Uint8Array;
  readonly modifiedAt: Date;
  readonly retainUntil: Date | undefined;
}

/** Keeps objects in the memory of this process, for tests. */
export class MemoryObjectStore implements ObjectStore {
  readonly location = 'memory';
  readonly #calls = new StoreCalls(this.location, (_, details) =>
    requestRefused('the memory failed', details),
  );
  readonly #objects = new Map<string, MemoryObject>();
  readonly #clock: TimeSource;

  /** @param clock decides when locks end. @default the system's clock */
  constructor(clock: TimeSource = systemClock) {
    this.#clock = clock;
  }

  async put(key: string, bytes: Uint8Array, options: PutOptions = {}): Promise<void> {
    const { operation, details } = this.#calls.begin('put', options, PUT_OPTIONS);
    checkObjectKey(key, operation);
    checkObject(bytes, options, operation);
    this.#refuseLocked(key, details);
    const { retainUntil } = options;
    this.#objects.set(key, {
      bytes: Uint8Array.from(bytes),
      modifiedAt: new Date(this.#clock.now()),
      retainUntil,
    });
  }

  async get(key: string, options?: CallOptions): Promise<Uint8Array | undefined> {
    const { operation } = this.#calls.begin('get', options);
    checkObjectKey(key, operation);
    const object = this.#objects.get(key);
    return object && Uint8Array.from(object.bytes);
  }

  async *list(prefix: string, options?: CallOptions): AsyncGenerator<StoredObject, void, undefined> {
    const { operation } = this.#calls.begin('list', options);
    checkObjectPrefix(prefix, operation);
    const keys = [...this.#objects.keys()].filter((key) => key.startsWith(prefix)).sort();
    for (const key of keys) {
      const object = this.#objects.get(key);
      if (object) yield { key, size: object.bytes.length, modifiedAt: object.modifiedAt };
    }
  }

  async deleteMany(keys: readonly string[], options?: CallOptions): Promise<void> {
    const { operation, details } = this.#calls.begin('deleteMany', options);
    checkObjectKeys(keys, operation);
    const locked = keys.filter((key) => this.#isLocked(key));
    for (const key of keys) if (!locked.includes(key)) this.#objects.delete(key);
    for (const key of locked) this.#refuseLocked(key, details);
  }

  async retain(keys: readonly string[], retainUntil: Date, options?: CallOptions): Promise<void> {
    const { operation, details } = this.#calls.begin('retain', options);
    checkObjectKeys(keys, operation);
    checkRetention(retainUntil, operation);
    for (const key of keys) {
      const object = this.#objects.get(key);
      if (!object) throw objectMissing(key, details);
      const isLonger = Number(object.retainUntil ?? 0) < Number(retainUntil);
      if (isLonger) this.#objects.set(key, { ...object, retainUntil });
    }
  }

  async close(): Promise<void> {
    this.#calls.close();
  }

  #isLocked(key: string): boolean {
    return Number(this.#objects.get(key)?.retainUntil ?? 0) > this.#clock.now();
  }

  #refuseLocked(key: string, details: CallDetails): void {
    if (this.#isLocked(key)) throw objectLocked(key, this.#objects.get(key)!.retainUntil, details);
  }
}
