import type { CallOptions } from '@quantumtrade/dal-domain';
import { ConnectionError } from '@quantumtrade/dal-domain';
import type { ObjectStore, PutOptions, StoredObject } from '@quantumtrade/dal-domain/operations';
import { Deadline } from '@quantumtrade/dal-runtime';

/** An object store in memory that is down while `isDown`, and calls `onCall` before each call. */
export class ScriptedStore implements ObjectStore {
  readonly location = 'memory';
  readonly objects = new Map<string, Uint8Array>();
  /** Ends of the locks of objects that have one. */
  readonly locks = new Map<string, Date>();
  isDown = false;
  onCall: (call: string, key: string) => void | Promise<void> = () => undefined;

  async put(key: string, bytes: Uint8Array, { retainUntil }: PutOptions = {}): Promise<void> {
    await this.#enter('put', key);
    if (retainUntil) this.locks.set(key, retainUntil);
    this.objects.set(key, Uint8Array.from(bytes));
  }

  async get(key: string): Promise<Uint8Array | undefined> {
    await this.#enter('get', key);
    return this.objects.get(key);
  }

  async *list(prefix: string): AsyncGenerator<StoredObject> {
    await this.#enter('list', prefix);
    for (const key of [...this.objects.keys()].sort()) {
      if (key.startsWith(prefix)) yield { key, size: this.objects.get(key)!.length, modifiedAt: new Date(0) };
    }
  }

  async deleteMany(keys: readonly string[]): Promise<void> {
    await this.#enter('delete', keys.join());
    for (const key of keys) this.objects.delete(key);
  }

  async retain(keys: readonly string[], retainUntil: Date): Promise<void> {
    await this.#enter('retain', keys.join());
    for (const key of keys)
      if (Number(this.locks.get(key) ?? 0) < Number(retainUntil)) this.locks.set(key, retainUntil);
  }

  async close(): Promise<void> {}

  /** Returns the store for one process. Calls of a dead process never settle. */
  connect(isAlive: () => boolean): ObjectStore {
    const never = new Promise<never>(() => undefined);
    const alive = async <T>(call: () => Promise<T>, { signal }: CallOptions = {}): Promise<T> => {
      const result = await new Deadline({ signal }).race(isAlive() ? call() : never);
      return isAlive() ? result : never;
    };
    return {
      location: this.location,
      put: (key, bytes, options) => alive(() => this.put(key, bytes), options),
      get: (key, options) => alive(() => this.get(key), options),
      list: (prefix) => this.list(prefix),
      deleteMany: (keys) => alive(() => this.deleteMany(keys)),
      retain: (keys, until) => alive(() => this.retain(keys, until)),
      close: () => this.close(),
    };
  }

  async #enter(call: string, key: string): Promise<void> {
    await this.onCall(call, key);
    if (this.isDown) throw new ConnectionError('the object store is down', { operation: `objects.${call}` });
  }
}
