import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ConfigError, parseConfig } from '@quantumtrade/dal-config';
import { redisName, redisSettings } from './redis-settings.js';

const configOf = (toml: string) => parseConfig(toml, {}).redis;

it('redisSettings returns a single server without TLS by default', () => {
  const config = configOf('[redis]\nurl = "redis://cache:6379"\npassword = "sesame"\ncommand_timeout = 7');
  expect(redisSettings(config)).toMatchObject({
    url: 'redis://cache:6379',
    password: config.password,
    commandTimeoutMs: 7_000,
    readFrom: 'master',
    tls: undefined,
    sentinel: undefined,
    cluster: { enabled: false },
  });
  expect(redisName(config)).toBe('Redis at redis://cache:6379');
});

it('redisSettings returns the Sentinels with their password', () => {
  const config = configOf(
    '[redis]\nread_from = "replica"\n[redis.sentinel]\nname = "main"\nnodes = ["a:1"]\npassword = "sesame"',
  );
  expect(redisSettings(config)).toMatchObject({
    readFrom: 'replica',
    sentinel: { name: 'main', nodes: [{ host: 'a', port: 1 }], password: config.sentinel?.password },
  });
  expect(redisName(config)).toBe('Redis that Sentinels call main');
});

it('redisSettings returns the nodes of a cluster', () => {
  const config = configOf('[redis]\nurl = "redis://a:1"\n[redis.cluster]\nenabled = true\nnodes = ["b:2"]');
  expect(redisSettings(config).cluster).toMatchObject({ enabled: true, nodes: [{ host: 'b', port: 2 }] });
  expect(redisName(config)).toBe('Redis cluster at redis://a:1');
});

it('redisSettings reads the files of TLS', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'redis-settings-'));
  const file = (name: string) => join(directory, name);
  try {
    for (const name of ['ca', 'cert', 'key']) await writeFile(file(name), `${name} in PEM`);
    const toml = `[redis.tls]\nca_file = "${file('ca')}"\ncert_file = "${file('cert')}"\nservername = "s"`;
    const trusting = { ca: 'ca in PEM', cert: 'cert in PEM', servername: 's', rejectUnauthorized: true };
    expect(redisSettings(configOf(`${toml}\nkey_file = "${file('key')}"`)).tls).toEqual({
      ...trusting,
      key: 'key in PEM',
    });
    expect(() => redisSettings(configOf(`${toml}\nkey_file = "${file('none')}"`))).toThrow(
      new ConfigError({ key: 'redis.tls.key_file', reason: 'cannot be read (ENOENT)', source: file('none') }),
    );
  } finally {
    await rm(directory, { recursive: true });
  }
});
