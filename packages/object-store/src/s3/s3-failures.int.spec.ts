import { printedForms, rejectionOf } from '@quantumtrade/dal-conformance';
import { Secret } from '@quantumtrade/dal-runtime';
import { hasS3 } from '@quantumtrade/dal-test-servers';
import { TestSecret, until } from '@quantumtrade/dal-testing';
import { TcpFaultProxy } from '@quantumtrade/dal-testing/proxies';
import { hasRadosGateway, RadosGateway } from '@quantumtrade/dal-testing/s3';
import { S3Buckets } from '../testing/s3-buckets.js';
import type { S3ObjectStoreOptions } from './s3-object-store.js';

const BYTES = Uint8Array.from({ length: 300_000 }, (_, i) => (i * 7) % 256);

/** Ends a call after one attempt of this time. */
const QUICK = { timeoutMs: 300, maxAttempts: 1 };

// These tests suspend the server, so that none is shared.
const describeGateway = hasS3() && hasRadosGateway() ? describe : describe.skip;

describeGateway('a failing S3', () => {
  let gateway: RadosGateway;
  let proxy: TcpFaultProxy;
  let direct: S3Buckets;
  let bucket: string;
  beforeAll(async () => {
    gateway = await RadosGateway.start();
    proxy = await TcpFaultProxy.start(Number(new URL(gateway.url).port));
    direct = new S3Buckets(gateway.url, gateway.login);
    bucket = await direct.create();
  });
  afterAll(async () => {
    direct.s3.destroy();
    await proxy.enter('closed');
    await gateway.kill();
  });
  afterEach(async () => {
    proxy.planCuts([]);
    proxy.onChunk = () => undefined;
    await proxy.enter('open');
  });

  const open = (options: Partial<S3ObjectStoreOptions> = {}) => direct.open(bucket, options);
  const openProxied = (options: Partial<S3ObjectStoreOptions> = {}) =>
    open({ endpoint: `http://${proxy.address}`, ...options });

  it('wrong credentials are refused without showing them', async () => {
    const wrong = { secretAccessKey: new Secret('wrong-s3cr3t') };
    const unknown = { ...wrong, accessKeyId: new Secret('unknown-k3y') };
    for (const credentials of [wrong, unknown]) {
      const store = open(credentials);
      for (const call of [() => store.put('a', BYTES), () => store.get('a'), () => store.deleteMany(['a'])]) {
        const error = await rejectionOf(call);
        expect(error).toMatchObject({ code: 'CONNECTION', kind: 'LOGIN_REFUSED', retryable: false });
        expect(error.message).toContain(`at s3://${bucket}`);
        expect(printedForms(error)).not.toMatch(/s3cr3t|k3y|aws/i);
      }
      await store.close();
    }
  });

  it('logs in again with rotated credentials', async () => {
    const { accessKeyId, secretAccessKey } = gateway.login;
    const secret = new TestSecret('former');
    secret.next = secretAccessKey;
    const store = open({ accessKeyId: new Secret(accessKeyId), secretAccessKey: secret });
    await store.put('rotated', Uint8Array.of(1));
    expect(secret.refused).toEqual(['former']);
    expect(secret.watcherCount).toBe(1);
    await store.close();
    expect(secret.watcherCount).toBe(0);
  });

  it('a missing bucket is named and no passing failure', async () => {
    const store = direct.open('no-such-bucket');
    const missing = { code: 'QUERY', retryable: false };
    for (const call of [() => store.put('a', BYTES), () => store.get('a'), () => store.deleteMany(['a'])]) {
      const error = await rejectionOf(call);
      expect(error).toMatchObject(missing);
      expect(error.message).toContain('the bucket does not exist at s3://no-such-bucket');
    }
    await store.close();
  });

  it('a bucket of another user is refused', async () => {
    const login = await gateway.createUser('stranger');
    const store = new S3Buckets(gateway.url, login).open(bucket);
    await expect(store.get('a')).rejects.toMatchObject({ code: 'QUERY', retryable: false, kind: undefined });
    await store.close();
  });

  it('a full store is reported as full and keeps what it has', async () => {
    const login = await gateway.createUser('small', 700_000);
    const buckets = new S3Buckets(gateway.url, login);
    const store = buckets.open(await buckets.create());
    await store.put('a', BYTES);
    await store.put('b', BYTES);
    const error = await rejectionOf(() => store.put('c', BYTES));
    expect(error).toMatchObject({ code: 'QUERY', kind: 'STORE_FULL', retryable: true });
    expect(error.message).toContain('the object store is full (QuotaExceeded)');
    expect(await store.get('c')).toBeUndefined();
    expect(await store.get('a')).toHaveLength(BYTES.length);
    await store.close();
    buckets.s3.destroy();
  });

  it('a suspended server ends each call with TimeoutError', async () => {
    const store = open(QUICK);
    await store.put('a/b', BYTES);
    gateway.pause();
    try {
      const calls = [
        () => store.put('a/b', BYTES),
        () => store.get('a/b'),
        () => store.list('a/').next(),
        () => store.deleteMany(['a/b']),
      ];
      const errors = await Promise.all(calls.map(rejectionOf));
      for (const error of errors) expect(error).toMatchObject({ code: 'TIMEOUT', retryable: true });
      const late = await rejectionOf(() => open().get('a/b', { deadline: Date.now() + 200 }));
      expect(late).toMatchObject({ code: 'TIMEOUT' });
    } finally {
      gateway.resume();
    }
    expect(await store.get('a/b')).toHaveLength(BYTES.length);
    await store.close();
  });

  it('a server that cannot be reached is a passing failure', async () => {
    await proxy.enter('closed');
    const store = openProxied(QUICK);
    const error = await rejectionOf(() => store.get('a'));
    expect(error).toMatchObject({ code: 'CONNECTION', kind: undefined, retryable: true });
    expect(error.message).toContain('the server cannot be reached');
    await proxy.enter('open');
    expect(await store.get('a-missing')).toBeUndefined();
    await store.close();
  });

  it('put is repeated when its connection breaks', async () => {
    const store = openProxied();
    proxy.planCuts([{ direction: 'request', afterBytes: 100_000, how: 'reset' }]);
    await store.put('cut/put', BYTES);
    expect(proxy.plannedCuts).toBe(0);
    expect(await store.get('cut/put')).toEqual(Buffer.from(BYTES));
    await store.close();
  });

  it('a put that breaks leaves the former object', async () => {
    const store = openProxied({ maxAttempts: 1 });
    await store.put('cut/former', Uint8Array.of(1));
    proxy.planCuts([{ direction: 'request', afterBytes: 100_000, how: 'reset' }]);
    const error = await rejectionOf(() => store.put('cut/former', BYTES));
    expect(error).toMatchObject({ code: 'CONNECTION', retryable: true });
    expect(await store.get('cut/former')).toEqual(Buffer.of(1));
    await store.close();
  });

  it('get is repeated when its answer breaks', async () => {
    const store = openProxied();
    await store.put('cut/get', BYTES);
    proxy.planCuts([{ direction: 'answer', afterBytes: 150_000, how: 'end' }]);
    expect(await store.get('cut/get')).toEqual(Buffer.from(BYTES));
    expect(proxy.plannedCuts).toBe(0);
    await store.close();
  });

  it('get ends in time when its answer stops', async () => {
    const store = openProxied(QUICK);
    await store.put('stops', BYTES);
    let answered = 0;
    proxy.onChunk = (_, direction, { length }) => {
      if (direction === 'answer' && answered < 100_000 && (answered += length) >= 100_000) {
        void proxy.enter('silent');
      }
    };
    await expect(store.get('stops')).rejects.toMatchObject({ code: 'TIMEOUT', retryable: true });
    await until(() => proxy.connections.every(({ client }) => client.readableEnded));
    await store.close();
  });

  it('get refuses bytes that do not match their checksum', async () => {
    const Metadata = { sha256: '00'.repeat(32) };
    await direct.s3.putObject({ Bucket: bucket, Key: 'damaged/a', Body: BYTES, Metadata });
    const store = open({ prefix: 'damaged' });
    const error = await rejectionOf(() => store.get('a'));
    expect(error).toMatchObject({ code: 'QUERY', kind: 'OBJECT_DAMAGED', retryable: false });
    expect(error.message).toContain('the object a is damaged');
    await store.close();
  });

  it('reads objects of other programs and ignores foreign keys', async () => {
    for (const key of ['foreign/a', 'foreign/with space', 'foreign/.hidden', 'foreign/folder/']) {
      await direct.s3.putObject({ Bucket: bucket, Key: key, Body: 'text' });
    }
    const store = open({ prefix: 'foreign' });
    const keys = [];
    for await (const { key } of store.list('')) keys.push(key);
    expect(keys).toEqual(['a']);
    expect(String(await store.get('a'))).toBe('text');
    await store.close();
  });

  it('deleteMany leaves no version of an object', async () => {
    const versioned = await direct.create({ locks: true });
    const store = direct.open(versioned);
    for (const value of [1, 2]) await store.put('a/b', Uint8Array.of(value));
    await store.put('a/bc', Uint8Array.of(3));
    await direct.s3.deleteObject({ Bucket: versioned, Key: 'a/b' });
    await store.deleteMany(['a/b']);
    const { Versions, DeleteMarkers } = await direct.s3.listObjectVersions({ Bucket: versioned });
    expect([Versions?.map(({ Key }) => Key), DeleteMarkers]).toEqual([['a/bc'], undefined]);
    await store.close();
  });

  it('keeps the former bytes of a locked object as a version', async () => {
    const versioned = await direct.create({ locks: true });
    const store = direct.open(versioned, { lockMode: 'compliance' });
    await store.put('a', Uint8Array.of(1), { retainUntil: new Date(Date.now() + 3_600_000) });
    await store.put('a', Uint8Array.of(2));
    expect(await store.get('a')).toEqual(Buffer.of(2));
    await expect(store.deleteMany(['a'])).rejects.toMatchObject({ kind: 'OBJECT_LOCKED' });
    expect(await store.get('a')).toEqual(Buffer.of(1));
    await store.close();
  });

  it('retain keeps the mode of a lock and locks the newest version', async () => {
    const versioned = await direct.create({ locks: true });
    const [soon, later] = [60_000, 3_600_000].map((ms) => new Date(Date.now() + ms));
    const compliant = direct.open(versioned, { lockMode: 'compliance' });
    await compliant.put('a', Uint8Array.of(1), { retainUntil: soon });
    await compliant.close();
    const store = direct.open(versioned);
    for (const value of [2, 3]) await store.put('b', Uint8Array.of(value));
    await store.retain(['a', 'b'], later!);
    const modeOf = async (Key: string) => {
      const { Retention } = await direct.s3.getObjectRetention({ Bucket: versioned, Key });
      return [Retention?.Mode, Number(Retention?.RetainUntilDate) >= Number(later) - 1_000];
    };
    expect([await modeOf('a'), await modeOf('b')]).toEqual([
      ['COMPLIANCE', true],
      ['GOVERNANCE', true],
    ]);
    await expect(store.deleteMany(['b'])).rejects.toMatchObject({ kind: 'OBJECT_LOCKED' });
    expect(await store.get('b')).toEqual(Buffer.of(3));
    await store.close();
  });

  it('takes the credentials of the environment without settings', async () => {
    const { accessKeyId, secretAccessKey } = gateway.login;
    process.env['AWS_ACCESS_KEY_ID'] = accessKeyId;
    process.env['AWS_SECRET_ACCESS_KEY'] = secretAccessKey;
    try {
      const store = open({ accessKeyId: undefined, secretAccessKey: undefined });
      expect(await store.get('missing')).toBeUndefined();
      await store.close();
    } finally {
      delete process.env['AWS_ACCESS_KEY_ID'];
      delete process.env['AWS_SECRET_ACCESS_KEY'];
    }
  });
});
