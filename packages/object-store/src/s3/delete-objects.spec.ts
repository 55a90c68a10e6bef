import type { S3 } from '@aws-sdk/client-s3';
import { deleteObjects } from './delete-objects.js';
import type { SendS3 } from './s3-connection.js';

const DETAILS = { operation: 'objectStore.deleteMany', endpoint: 's3://bucket/p' };

interface ListRequest {
  readonly Prefix: string;
  readonly KeyMarker?: string;
}

/** A bucket with versions that returns two of them at once, and answers deletions with errors of these codes first. */
class FakeBucket {
  readonly lists: ListRequest[] = [];
  readonly deletions: string[][] = [];
  readonly #versions: readonly string[];
  readonly #codes: string[];

  constructor(versions: readonly string[], codes: readonly string[] = []) {
    this.#versions = versions;
    this.#codes = [...codes];
  }

  /** Repeats a request that fails with an error of the data layer once. */
  readonly send: SendS3 = async (request) => {
    const run = () => request(this.#s3, { abortSignal: new AbortController().signal });
    return run().catch((error: { retryable?: boolean }) => {
      if (error.retryable) return run();
      throw error as Error;
    });
  };

  get #s3(): S3 {
    return {
      getBucketVersioning: async () => ({ Status: 'Suspended' }),
      listObjectVersions: async (request: ListRequest) => {
        this.lists.push(request);
        const from = this.#versions.indexOf(request.KeyMarker ?? '') + 1;
        const page = this.#versions.slice(from, from + 2);
        const Versions = page.map((Key) => ({ Key, VersionId: `version of ${Key}` }));
        return { Versions, IsTruncated: from + 2 < this.#versions.length, NextKeyMarker: page.at(-1) };
      },
      deleteObjects: async ({ Delete }: { Delete: { Objects: { Key: string }[] } }) => {
        this.deletions.push(Delete.Objects.map(({ Key }) => Key));
        const Code = this.#codes.shift();
        return Code === undefined ? {} : { Errors: [{ Key: Delete.Objects[0]!.Key, Code }] };
      },
      headObject: async () => ({ ObjectLockLegalHoldStatus: 'ON' }),
    } as unknown as S3;
  }
}

const place = { bucket: 'bucket', prefix: 'p/' };
const numbered = (count: number) => Array.from({ length: count }, (_, i) => `a/${1_000 + i}`);

it('finds the versions of one folder on all pages', async () => {
  const bucket = new FakeBucket(['p/a/0', 'p/a/1', 'p/a/10', 'p/a/12', 'p/a/13']);
  await deleteObjects(bucket.send, place, ['a/10', 'a/13', 'a/10'], DETAILS);
  expect(bucket.lists.map(({ Prefix, KeyMarker }) => [Prefix, KeyMarker])).toEqual([
    ['p/a/1', undefined],
    ['p/a/1', 'p/a/1'],
    ['p/a/1', 'p/a/12'],
  ]);
  expect(bucket.deletions).toEqual([['p/a/10', 'p/a/13']]);
});

it('deletes a thousand versions with one request', async () => {
  const keys = numbered(2_001);
  const bucket = new FakeBucket(keys.map((key) => `p/${key}`));
  await deleteObjects(bucket.send, place, keys, DETAILS);
  expect(bucket.deletions.map(({ length }) => length)).toEqual([1_000, 1_000, 1]);
});

it('repeats a deletion that failed for the moment', async () => {
  const bucket = new FakeBucket(['p/a/1'], ['SlowDown']);
  await deleteObjects(bucket.send, place, ['a/1'], DETAILS);
  expect(bucket.deletions).toHaveLength(2);
});

it('names a held object when all others are deleted', async () => {
  const keys = numbered(1_001);
  const bucket = new FakeBucket(
    keys.map((key) => `p/${key}`),
    ['AccessDenied'],
  );
  const held = {
    kind: 'OBJECT_LOCKED',
    message: expect.stringContaining('the object a/1000 is locked at s3://bucket/p'),
  };
  await expect(deleteObjects(bucket.send, place, keys, DETAILS)).rejects.toMatchObject(held);
  expect(bucket.deletions.map(({ length }) => length)).toEqual([1_000, 1]);
});
