import { randomUUID } from 'node:crypto';
import { objectStoreModelTest, objectStoreSuite } from '@quantumtrade/dal-conformance';
import { hasS3, testS3, type TestServer } from '@quantumtrade/dal-test-servers';
import { S3Buckets } from '../testing/s3-buckets.js';

const runner = { describe, it, beforeAll, afterAll, beforeEach, expect };

(hasS3() ? describe : describe.skip)('S3', () => {
  let server: TestServer;
  let buckets: S3Buckets;
  beforeAll(async () => {
    server = await testS3();
    buckets = S3Buckets.of(server.url);
  });
  afterAll(async () => {
    buckets.s3.destroy();
    await server.stop();
  });

  describe.each([
    { kind: 'a plain bucket', locks: false, runs: 12, manyObjects: 1_005 },
    { kind: 'a bucket with versions and locks', locks: true, runs: 8, manyObjects: 30 },
  ])('in $kind', ({ locks, runs, manyObjects }) => {
    let bucket: string;
    beforeAll(async () => void (bucket = await buckets.create({ locks })));

    const open = async () => {
      const store = buckets.open(bucket, { prefix: `tests/${randomUUID()}` });
      return { store, locks, close: () => store.close() };
    };
    objectStoreSuite(runner, open, { manyObjects });
    objectStoreModelTest(runner, open, { runs });
  });
});
