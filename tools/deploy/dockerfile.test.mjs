import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { validate } from 'dockerfile-utils';
import { httpDefaults } from './configuration.mjs';
import { readImage, readText, ROOT } from './files.mjs';

const FILE = 'docker/Dockerfile';
const image = readImage(FILE);
const of = (keyword) => image.instructions.filter((instruction) => instruction.getKeyword() === keyword);

test('the Dockerfile has no syntax error', () => {
  assert.deepEqual(validate(readText(FILE)), []);
});

test('base images are pinned by a full version', () => {
  for (const stage of image.stages) assert.match(stage.getImage(), /^node:20\.\d+\.\d+-[a-z]+-slim$/);
  const base = of('LABEL').flatMap((label) => label.getProperties());
  const named = base
    .find((property) => property.getName() === 'org.opencontainers.image.base.name')
    .getValue();
  assert.equal(named, `docker.io/library/${image.stages.at(-1).getImage()}`);
});

test('the process is an unprivileged user by number', () => {
  assert.match(image.user, /^[1-9]\d*:[1-9]\d*$/);
});

test('entry point, command and health check are in exec form', () => {
  for (const command of [image.entrypoint, image.command, image.healthcheck]) {
    assert.ok(command.every((part) => typeof part === 'string'));
  }
  assert.equal(image.entrypoint[0], 'node');
  assert.equal(image.stopSignal, 'SIGTERM');
});

test('no argument or variable of the image is a secret', () => {
  const names = [...of('ARG'), ...of('ENV')].flatMap((instruction) => instruction.getProperties());
  for (const property of names) assert.doesNotMatch(property.getName(), /PASS|SECRET|TOKEN|KEY|CREDENTIAL/i);
});

test('only the built folder is copied into the runtime stage', () => {
  const copies = of('COPY').filter(
    (copy) => copy.getRange().start.line > image.stages.at(-1).getRange().start.line,
  );
  const described = copies.map((copy) => [copy.getFromFlag()?.getValue(), copy.getArgumentsContent()]);
  assert.deepEqual(described, [['build', '/app /app']]);
});

test('files that the build copies and runs exist', () => {
  for (const copy of of('COPY')) {
    if (copy.getFromFlag()) continue;
    for (const argument of copy.getArguments().slice(0, -1))
      assert.ok(existsSync(join(ROOT, argument.getValue())));
  }
  for (const run of of('RUN')) {
    const [, script] = /^node (\S+)/.exec(run.getArgumentsContent()) ?? [];
    if (script) assert.ok(existsSync(join(ROOT, script)), script);
    const [, name] = /^npm run (\S+)/.exec(run.getArgumentsContent()) ?? [];
    if (name) assert.ok(JSON.parse(readText('package.json')).scripts[name], name);
  }
});

test('ignored files are none that the build needs', () => {
  const ignored = readText('.dockerignore').split('\n');
  const { workspaces } = JSON.parse(readText('package.json'));
  for (const workspace of workspaces) assert.ok(!ignored.includes(workspace.replace('/*', '')), workspace);
  for (const needed of ['.git', '**/node_modules', '**/dist', 'docker', '**/.env*']) {
    assert.ok(ignored.includes(needed), `${needed} is not ignored`);
  }
});

test('the image listens on the default port on all addresses', () => {
  assert.deepEqual(image.ports, [httpDefaults.port]);
  assert.equal(image.env.QTDAL_HTTP__PORT, String(httpDefaults.port));
  assert.equal(image.env.QTDAL_HTTP__HOST, '0.0.0.0');
});
