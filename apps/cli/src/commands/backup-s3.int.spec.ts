import { S3 } from '@aws-sdk/client-s3';
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { openObjectStore } from '@quantumtrade/dal-container';
import type { ObjectStore } from '@quantumtrade/dal-domain/operations';
import { archivedWriters, openArchive, verifyArchive, type Archive } from '@quantumtrade/dal-operations';
import { Secret } from '@quantumtrade/dal-runtime';
import { hasS3, testS3, type TestS3Server } from '@quantumtrade/dal-test-servers';
import { until } from '@quantumtrade/dal-testing';
import type { S3Login } from '@quantumtrade/dal-testing/s3';
import { EXIT } from '../exit-codes.js';
import { OwnDatabase, qtdal, ScratchDirectory } from '../testing.js';

const scratch = new ScratchDirectory();
const own = new OwnDatabase('cli_backup_s3');
const bucket = `test-${randomUUID()}`;
let server: TestS3Server;
let origin: string;
let login: S3Login;
let config: string;

async function createBucket(Bucket: string, credentials: S3Login): Promise<void> {
  const s3 = new S3({ endpoint: origin, region: 'us-east-1', forcePathStyle: true, credentials });
  await s3.createBucket({ Bucket });
  s3.destroy();
}

(hasS3() ? describe : describe.skip)('backups in S3', () => {
  beforeAll(async () => {
    server = await testS3();
    const url = new URL(server.url);
    origin = url.origin;
    const [id, secret] = [url.username, url.password].map(decodeURIComponent) as [string, string];
    login = { accessKeyId: id, secretAccessKey: secret };
    await createBucket(bucket, login);
    scratch.file('login', JSON.stringify({ id, secret }));
    config = scratch.file('qtdal.toml', configOf(`\${file:${join(scratch.path, 'login')}#secret}`));
    expect((await qtdal('migrate', '--config', config)).code).toBe(EXIT.ok);
  });
  afterAll(async () => {
    await own.drop();
    await server.stop();
    scratch.remove();
  });

  const configOf = (secret: string) => `${own.config()}
[secrets]
rotation_grace = 1
[backup]
url = "s3://${bucket}/backups"
endpoint = "${origin}"
access_key_id = "\${file:${join(scratch.path, 'login')}#id}"
secret_access_key = "${secret}"
force_path_style = true
[backup.copy]
url = "${pathToFileURL(join(scratch.path, 'copies')).href}"
`;

  it('are made with referenced secrets, verified and copied into a directory', async () => {
    await own.sql(
      `INSERT INTO market_data SELECT 'A', toDateTime64('2024-01-01', 3, 'UTC') + number, 1, 1, 1, 1, number, 1,
         's', 1, now64(8) FROM numbers(3)`,
    );
    expect(await qtdal('backup', 'create', '--config', config)).toMatchObject({ code: EXIT.ok, err: '' });
    expect((await qtdal('backup', 'verify', '--config', config)).out).toMatch(/ 0 problems\.\n$/);
    expect((await qtdal('backup', 'drill', '--config', config)).out).toMatch(/^Drill passed: \S+, 3 rows/);
    expect(await qtdal('backup', 'copy', '--config', config)).toMatchObject({ code: EXIT.ok, err: '' });
    const copies = pathToFileURL(join(scratch.path, 'copies')).href;
    const verified = await qtdal('backup', 'verify', '--config', config, '--store', copies);
    expect(verified.out).toMatch(/ 0 problems\.\n$/);
  });

  it('have a check of the second store in the doctor', async () => {
    const { out } = await qtdal('doctor', '--config', config);
    expect(out).toMatch(/^ok {6}copies: \S+copies answers$/m);
    const login = `endpoint = "${origin}"\nforce_path_style = true\naccess_key_id = "a"\nsecret_access_key = "b"`;
    const wrong = scratch.file(
      'other.toml',
      configOf('x').replace(/url = "file:\S+/, `url = "s3://other"\n${login}`),
    );
    const failed = await qtdal('doctor', '--config', wrong);
    expect(failed.code).toBe(EXIT.connection);
    expect(failed.out).toMatch(/^FAILED {2}copies: .* at s3:\/\/other\n {8}-> .*backup\.copy\.url/m);
  });

  it('exit with 3 and show no secret when the login is refused', async () => {
    const wrong = scratch.file('wrong.toml', configOf('wrong-s3cr3t'));
    const { code, out, err } = await qtdal('backup', 'list', '--config', wrong);
    expect(code).toBe(EXIT.connection);
    expect(err).toContain(`the secret access key is wrong at s3://${bucket}/backups`);
    expect(out + err).not.toContain('s3cr3t');
  });

  describe('with an archive', () => {
    const side = `${own.name}_side`;
    afterAll(() => own.sql(`DROP DATABASE IF EXISTS ${side} SYNC`, 'default'));

    const archived = (directory: string, secret?: string) =>
      scratch.file(
        `${directory}.toml`,
        `${configOf(secret ?? `\${file:${join(scratch.path, 'login')}#secret}`).split('[backup.copy]')[0]}
[archive]
directory = "${join(scratch.path, directory)}"
`,
      );
    const ingest = async (symbol: string, file: string) => {
      const bars = scratch.file(`${symbol}.csv`, 'date,open,high,low,close,volume\n2024-01-02,1,2,1,2,9\n');
      return qtdal('ingest', bars, '--symbol', symbol, '--config', file);
    };

    it('restore to an instant from the bucket, and from its copy', async () => {
      const file = archived('archive');
      const call = (...args: string[]) => qtdal(...args, '--config', file);
      expect(await call('backup', 'create')).toMatchObject({ code: EXIT.ok, err: '' });
      expect(await ingest('B', file)).toMatchObject({ code: EXIT.ok });
      expect((await call('archive', 'status')).out).toMatch(/ closed$/m);
      expect((await call('archive', 'verify')).out).toMatch(/^1 writers: 1 segments, .* 0 problems\.\n$/);
      const copied = await call('backup', 'copy', '--to', `s3://${bucket}/copies`);
      expect(copied).toMatchObject({ code: EXIT.ok, err: '' });
      expect(copied.out).toMatch(/^The archive is copied: 1 segments/m);
      for (const store of [[], ['--store', `s3://${bucket}/copies`]]) {
        const restored = await call('restore', '--to', 'latest', '--into', side, ...store);
        expect(restored).toMatchObject({ code: EXIT.ok, err: '' });
        expect(await own.sql('SELECT uniqExact(symbol) FROM market_data', side)).toBe('2\n');
        await own.sql(`DROP DATABASE ${side} SYNC`, 'default');
      }
    });

    it('refuses to store anything that a wrong login cannot archive', async () => {
      const { code, out, err } = await ingest('C', archived('refused', 'wrong-s3cr3t'));
      expect(code).toBe(EXIT.connection);
      expect(out + err).toMatch(/was not reached yet: .*the secret access key is wrong/);
      expect(out + err).not.toContain('s3cr3t');
      expect(await own.sql("SELECT count() FROM market_data WHERE symbol = 'C'")).toBe('0\n');
    });

    // Servers of others are neither suspended nor filled.
    (process.env['S3_URL'] ? describe.skip : describe)('that the server does not take', () => {
      let store: ObjectStore;
      let archive: Archive;
      afterEach(async () => {
        server.gateway!.resume();
        await archive.close();
        await store.close();
      });

      const open = (to: string, { accessKeyId, secretAccessKey } = login) => {
        const credentials = {
          accessKeyId: new Secret(accessKeyId),
          secretAccessKey: new Secret(secretAccessKey),
        };
        const limits = { timeoutMs: 300, retainDays: 0, lockMode: 'governance' } as const;
        store = openObjectStore({
          ...{ url: `s3://${to}`, endpoint: origin, forcePathStyle: true, region: undefined },
          ...{ ...credentials, ...limits },
        });
        const directory = join(scratch.path, `spool-${to}`);
        const retry = { initialDelayMs: 20, maxDelayMs: 100 };
        archive = openArchive({
          store,
          database: 'market',
          directory,
          intervalMs: 20,
          maxSpoolBytes: 700_000,
          retry,
        });
      };
      const append = async (id: string) => {
        const bytes = Buffer.alloc(200_000, id);
        await archive.requireSpace(bytes.length);
        await archive.append({ record: 'marketData', id, rowCount: 1, bytes, begunAt: Date.now() });
      };
      const shipped = () => until(() => archive.state().unshippedBlocks === 0);

      it('is kept on this machine while the server is suspended', async () => {
        open(bucket);
        await append('a');
        await shipped();
        server.gateway!.pause();
        await append('b');
        await append('c');
        await until(() => archive.state().failedBy !== null);
        expect(archive.state()).toMatchObject({
          unshippedBlocks: 2,
          failedBy: expect.stringMatching(/^Timeout exceeded: objectStore.put took/),
        });
        await expect(append('d')).rejects.toMatchObject({ code: 'CONNECTION', retryable: true });
        server.gateway!.resume();
        await shipped();
        await append('d');
        await archive.close();
        expect(await archivedWriters(store)).toMatchObject([{ isClosed: true }]);
        expect((await verifyArchive(store)).problems).toEqual([]);
      });

      it('is shipped once a full store has space again', async () => {
        const small = await server.gateway!.createUser('small', 700_000);
        await createBucket('small-archive', small);
        open('small-archive', small);
        await store.put('filler', Buffer.alloc(600_000));
        await append('a');
        await until(() => archive.state().failedBy !== null);
        expect(archive.state()).toMatchObject({
          unshippedBlocks: 1,
          failedBy: expect.stringContaining('the object store is full (QuotaExceeded)'),
        });
        await store.deleteMany(['filler']);
        await shipped();
        await archive.close();
        expect(await verifyArchive(store)).toMatchObject({ segments: 1, problems: [] });
      });
    });
  });
});
