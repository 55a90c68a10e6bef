import { createHash } from 'node:crypto';
import type { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import type { CallOptions } from '@quantumtrade/dal-domain';
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
import { forEachConcurrently } from '@quantumtrade/dal-runtime';
import { StoreCalls, type StoreCall, type StoreLimits } from '../store-calls.js';
import { objectDamaged } from '../store-errors.js';
import { deleteObjects } from './delete-objects.js';
import type { S3ConnectionOptions } from './s3-connection-options.js';
import { S3Connection, type SendS3 } from './s3-connection.js';
import { noObjectLock, retainObject } from './retain-object.js';
import { s3Error } from './s3-error.js';

export interface S3ObjectStoreOptions extends S3ConnectionOptions, StoreLimits {
  readonly bucket: string;
  /** Begins the names of all objects in the bucket, before a `/`. @default none */
  readonly prefix?: string;
  /** `governance`: users with a special right may end a lock. `compliance`: nobody may. @default governance */
  readonly lockMode?: 'governance' | 'compliance';
}

/** Name of the metadata that keeps the checksum of an object, in hexadecimal. */
const CHECKSUM = 'sha256';

/** Objects whose locks are extended at once, by two requests each. */
const CONCURRENT_LOCKS = 8;

/**
 * Keeps objects in a bucket of S3, or of a service with its interface. The SDK of AWS is an optional peer. Each object has its SHA-256 as
 * metadata, which every read compares. Locks need a bucket with object lock.
 */
export class S3ObjectStore implements ObjectStore {
  readonly location: string;
  readonly #bucket: string;
  readonly #prefix: string;
  readonly #lockMode: 'GOVERNANCE' | 'COMPLIANCE';
  readonly #connection: S3Connection;
  readonly #calls: StoreCalls;

  constructor({ bucket, prefix = '', lockMode = 'governance', ...options }: S3ObjectStoreOptions) {
    this.location = prefix === '' ? `s3://${bucket}` : `s3://${bucket}/${prefix}`;
    this.#bucket = bucket;
    this.#prefix = prefix === '' ? '' : `${prefix}/`;
    this.#lockMode = lockMode === 'governance' ? 'GOVERNANCE' : 'COMPLIANCE';
    this.#connection = new S3Connection(options);
    this.#calls = new StoreCalls(this.location, s3Error, options);
  }

  async put(key: string, bytes: Uint8Array, options: PutOptions = {}): Promise<void> {
    const call = this.#calls.begin('put', options, PUT_OPTIONS);
    checkObjectKey(key, call.operation);
    checkObject(bytes, options, call.operation);
    const { retainUntil } = options;
    const digest = createHash('sha256').update(bytes).digest();
    const object = {
      ...this.#at(key),
      Body: bytes,
      ChecksumSHA256: digest.toString('base64'),
      Metadata: { [CHECKSUM]: digest.toString('hex') },
      ...(retainUntil && { ObjectLockMode: this.#lockMode, ObjectLockRetainUntilDate: retainUntil }),
    };
    await this.#sender(call)(async (s3, sendOptions) => {
      try {
        await s3.putObject(object, sendOptions);
      } catch (error) {
        if (!retainUntil || (error as Error).name !== 'InvalidRequest') throw error;
        throw noObjectLock(call.details);
      }
    });
  }

  async get(key: string, options?: CallOptions): Promise<Uint8Array | undefined> {
    const call = this.#calls.begin('get', options);
    checkObjectKey(key, call.operation);
    return this.#sender(call)(async (s3, sendOptions) => {
      try {
        const { Body, Metadata } = await s3.getObject(this.#at(key), sendOptions);
        const bytes = await buffer(Body as Readable);
        const expected = Metadata?.[CHECKSUM];
        if (expected === undefined || expected === createHash('sha256').update(bytes).digest('hex'))
          return bytes;
      } catch (error) {
        const { name, message } = error as Error;
        if (name === 'NoSuchKey') return undefined;
        // The SDK compares the checksum that the service keeps.
        if (!message?.startsWith('Checksum mismatch')) throw error;
      }
      throw objectDamaged(key, call.details);
    });
  }

  async *list(prefix: string, options?: CallOptions): AsyncGenerator<StoredObject, void, undefined> {
    const call = this.#calls.begin('list', options);
    checkObjectPrefix(prefix, call.operation);
    const send = this.#sender(call);
    const request = { Bucket: this.#bucket, Prefix: this.#prefix + prefix };
    for (let token: string | undefined; ;) {
      const page = await send((s3, sendOptions) =>
        s3.listObjectsV2({ ...request, ContinuationToken: token }, sendOptions),
      );
      for (const { Key, Size, LastModified } of page.Contents ?? []) {
        const key = Key!.slice(this.#prefix.length);
        if (isObjectKey(key)) yield { key, size: Size!, modifiedAt: LastModified! };
      }
      token = page.NextContinuationToken;
      if (!page.IsTruncated || token === undefined) return;
    }
  }

  async deleteMany(keys: readonly string[], options?: CallOptions): Promise<void> {
    const call = this.#calls.begin('deleteMany', options);
    checkObjectKeys(keys, call.operation);
    if (keys.length === 0) return;
    await deleteObjects(
      this.#sender(call),
      { bucket: this.#bucket, prefix: this.#prefix },
      keys,
      call.details,
    );
  }

  async retain(keys: readonly string[], retainUntil: Date, options?: CallOptions): Promise<void> {
    const call = this.#calls.begin('retain', options);
    checkObjectKeys(keys, call.operation);
    checkRetention(retainUntil, call.operation);
    const send = this.#sender(call);
    await forEachConcurrently([...new Set(keys)], CONCURRENT_LOCKS, (key) =>
      retainObject(send, this.#at(key), { mode: this.#lockMode, retainUntil }, { ...call.details, key }),
    );
  }

  async close(): Promise<void> {
    this.#calls.close();
    await this.#connection.close();
  }

  #at(key: string): { readonly Bucket: string; readonly Key: string } {
    return { Bucket: this.#bucket, Key: this.#prefix + key };
  }

  #sender(call: StoreCall): SendS3 {
    return (request) => call.request((signal) => this.#connection.send(request, signal, call.details));
  }
}
