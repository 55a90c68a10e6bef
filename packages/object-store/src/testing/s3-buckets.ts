import { S3 } from '@aws-sdk/client-s3';
import { Secret } from '@quantumtrade/dal-runtime';
import type { S3Login } from '@quantumtrade/dal-testing/s3';
import { randomUUID } from 'node:crypto';
import { S3ObjectStore, type S3ObjectStoreOptions } from '../s3/s3-object-store.js';

/** Buckets of one user of an S3 server. */
export class S3Buckets {
  /** Client of the tests themselves. */
  readonly s3: S3;
  readonly #endpoint: string;
  readonly #login: S3Login;

  constructor(endpoint: string, login: S3Login) {
    this.#endpoint = endpoint;
    this.#login = login;
    this.s3 = new S3({ endpoint, region: 'us-east-1', forcePathStyle: true, credentials: login });
  }

  /** Takes the login from the URL of the server. */
  static of(url: string): S3Buckets {
    const { origin, username, password } = new URL(url);
    return new S3Buckets(origin, {
      accessKeyId: decodeURIComponent(username),
      secretAccessKey: decodeURIComponent(password),
    });
  }

  /** Creates a bucket with a name of its own. */
  async create({ locks = false } = {}): Promise<string> {
    const bucket = `test-${randomUUID()}`;
    await this.s3.createBucket({ Bucket: bucket, ObjectLockEnabledForBucket: locks });
    return bucket;
  }

  /** Opens a store in a bucket. */
  open(bucket: string, options: Partial<S3ObjectStoreOptions> = {}): S3ObjectStore {
    return new S3ObjectStore({
      bucket,
      endpoint: this.#endpoint,
      forcePathStyle: true,
      accessKeyId: new Secret(this.#login.accessKeyId),
      secretAccessKey: new Secret(this.#login.secretAccessKey),
      ...options,
    });
  }
}
