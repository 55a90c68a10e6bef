import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { ConfigError, defineConfig, explainConfig, loadConfig, parseConfig, Secret } from './index.js';
import { problemOf } from './testing.js';

const directory = mkdtempSync(join(tmpdir(), 'references-'));
const fileOf = (name: string, content: string) => {
  writeFileSync(join(directory, name), content);
  return join(directory, name);
};
afterAll(() => rmSync(directory, { recursive: true }));

const REDIS = () => `[redis]\npassword = "\${file:${fileOf('redis', 's3same\n')}}"`;

async function problemOfLoading(options: Parameters<typeof loadConfig>[0]): Promise<ConfigError> {
  const outcome: unknown = await loadConfig({ env: {}, file: 'my.toml', text: '', ...options }).catch(
    (error: unknown) => error,
  );
  if (outcome instanceof ConfigError) return outcome;
  throw new Error('expected a ConfigError');
}

it('loadConfig replaces references by secrets', async () => {
  const file = fileOf('db.json', '{"password":"op3n","key":"s3al"}');
  const text = `${REDIS()}
    [clickhouse]
    password = "\${file:${file}#password}"
    [redis.sentinel]
    name = "main"
    nodes = ["a"]
    password = "$\${file:/literal}"`;
  const config = await loadConfig({ text, env: { QTDAL_AUDIT__KEY: `\${file:${file}#key}` } });
  expect(config.backend).toBe('clickhouse-redis');
  expect(config.redis.password?.reveal()).toBe('s3same');
  expect(config.clickhouse.password?.reveal()).toBe('op3n');
  expect(config.audit.key?.reveal()).toBe('s3al');
  expect(config.redis.sentinel?.password?.reveal()).toBe('${file:/literal}');
});

it('loadConfig reads the secrets of further sources', async () => {
  const names: string[] = [];
  const vault = {
    fetch: async (name: string) => {
      names.push(name);
      return '{"a":"op3n","b":"s3same"}';
    },
  };
  const text = '[clickhouse]\npassword = "${vault:db#a}"\n[redis]\npassword = "${vault:db#b}"';
  const config = await loadConfig({ text, env: {}, secretSources: { vault } });
  expect([config.clickhouse.password?.reveal(), config.redis.password?.reveal()]).toEqual(['op3n', 's3same']);
  expect(names).toEqual(['db']);
});

it('explainConfig shows the reference in place of the secret', async () => {
  const explained = await explainConfig({ text: REDIS(), env: {}, file: 'my.toml' });
  expect(explained.settings).toContainEqual({
    key: 'redis.password',
    value: `secret \${file:${join(directory, 'redis')}}`,
    origin: 'my.toml',
  });
  expect(inspect(explained, { depth: 9 }) + JSON.stringify(explained)).not.toContain('s3same');
});

it('secrets that cannot be had are refused with key and reference', async () => {
  expect(await problemOfLoading({ text: '[redis]\npassword = "${file:/none/x}"' })).toMatchObject({
    key: 'redis.password',
    reason: '${file:/none/x}: the file does not exist',
    source: 'my.toml',
  });
  const file = fileOf('db.json', '{"password":"op3n"}');
  const error = await problemOfLoading({ env: { QTDAL_REDIS__PASSWORD: `\${file:${file}#pasword}` } });
  expect(error).toMatchObject({
    key: 'QTDAL_REDIS__PASSWORD',
    reason: `\${file:${file}#pasword}: the secret has no key "pasword"`,
    source: 'environment',
  });
  expect(inspect(error)).not.toContain('op3n');
});

it('the settings of secrets apply to the references beside them', async () => {
  const text = `[secrets]
    timeout = 0.2
    [secrets.aws]
    region = "eu-central-1"
    endpoint = "http://127.0.0.1:9"
    [redis]
    password = "\${aws-sm:prod/redis}"`;
  const env = { QTDAL_SECRETS__AWS__ENDPOINT: 'ftp://x' };
  expect(await problemOfLoading({ text, env })).toMatchObject({ key: 'QTDAL_SECRETS__AWS__ENDPOINT' });
});

it.each([
  [
    '[clickhouse]\nusername = "${file:/x}"',
    'clickhouse.username',
    'is neither a password nor a key, and only those may refer to a secret',
  ],
  ['[redis]\npassword = "a${file:/x}"', 'redis.password', 'a reference to a secret must be the whole value'],
  [
    '[redis]\nurl = "redis://:${aws-sm:x#y}@r"',
    'redis.url',
    'a reference to a secret must be the whole value',
  ],
  [
    '[redis]\npassword = "${file:}"',
    'redis.password',
    'expected ${NAME}, ${NAME:-default}, ${file:/path} or ${aws-sm:name#key} after "${"',
  ],
  [
    '[redis]\npassword = "${vault:x}"',
    'redis.password',
    'there is no such source of secrets, expected one of file, aws-sm',
  ],
  [
    '[secrets.aws]\nregion = "${file:/x}"',
    'secrets.aws.region',
    'is neither a password nor a key, and only those may refer to a secret',
  ],
])('loadConfig refuses %j', async (text, key, reason) => {
  expect(await problemOfLoading({ text })).toMatchObject({ key, reason });
});

it('parseConfig and defineConfig refuse references by name', () => {
  const reason = 'only loadConfig fetches the secret ${file:/x}';
  const inFile = problemOf(() => parseConfig('[redis]\npassword = "${file:/x}"', {}));
  expect(inFile).toMatchObject({ key: 'redis.password', reason });
  const inVariable = problemOf(() => parseConfig('', { QTDAL_REDIS__PASSWORD: '${file:/x}' }));
  expect(inVariable).toMatchObject({ key: 'QTDAL_REDIS__PASSWORD', reason });
  const inCode = problemOf(() => defineConfig({ redis: { password: '${file:/x}' } }));
  expect(inCode).toMatchObject({ key: 'redis.password', reason });
});

it('defineConfig keeps the secrets that it is given', async () => {
  const { redis } = await loadConfig({ text: REDIS(), env: {} });
  expect(defineConfig({ redis: { password: redis.password } }).redis.password).toBe(redis.password);
  expect(defineConfig({ redis: { password: new Secret('') } }).redis.password).toBeUndefined();
});
