import { S3 } from '@aws-sdk/client-s3';
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { hasS3, testS3, type TestServer } from '@quantumtrade/dal-test-servers';
import { EXIT } from '../exit-codes.js';
import { OwnDatabase, qtdal, ScratchDirectory } from '../testing.js';

const scratch = new ScratchDirectory();
const own = new OwnDatabase('cli_backup_s3');
const bucket = `test-${randomUUID()}`;
let server: TestServer;
let origin: string;
let config: string;

(hasS3() ? describe : describe.skip)('backups in S3', () => {
  beforeAll(async () => {
    server = await testS3();
    const url = new URL(server.url);
    origin = url.origin;
    const [id, secret] = [url.username, url.password].map(decodeURIComponent) as [string, string];
    const credentials = { accessKeyId: id, secretAccessKey: secret };
    const s3 = new S3({ endpoint: origin, region: 'us-east-1', forcePathStyle: true, credentials });
    await s3.createBucket({ Bucket: bucket });
    s3.destroy();
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
});
