import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { defineConfig } from '@quantumtrade/dal-config';
import { composeDatabase } from '@quantumtrade/dal-container';
import { createService } from '@quantumtrade/dal-service';
import { readImage, readYaml, ROOT } from './files.mjs';
import { problemsOf, readObjects } from './kubernetes-objects.mjs';
import { readConfiguration } from './configuration.mjs';

const BASE = 'deploy/kubernetes/base';
const base = readObjects(BASE);
const journaled = readObjects('deploy/kubernetes/journaled');
const [monitor] = readObjects('deploy/kubernetes/monitoring');
const image = readImage('docker/Dockerfile');
const { config, secretFiles, variables } = readConfiguration(`${BASE}/qtdal.toml`);
const [kustomization] = readYaml(`${BASE}/kustomization.yaml`);

const only = (objects, kind) => {
  const found = objects.filter((object) => object.kind === kind);
  assert.equal(found.length, 1, kind);
  return found[0];
};
const podOf = (objects) => only(objects, 'Deployment').spec.template.spec;
const containerOf = (objects) => podOf(objects).containers[0];
const labels = only(base, 'Deployment').spec.template.metadata.labels;

const { database, close } = await composeDatabase(defineConfig({ backend: 'memory' }));
const { app } = await createService({ database, config: config.http });
after(async () => {
  await app.close();
  await close();
});

test('every object is valid for the API', () => {
  assert.deepEqual(problemsOf([...base, ...journaled, monitor]), []);
});

test('an unknown field and a wrong quantity are found', () => {
  const object = structuredClone(only(base, 'Deployment'));
  object.spec.template.spec.containers[0].resources.limits.cpu = 'two';
  object.spec.template.spec.containers[0].imagePullPolice = 'Always';
  assert.match(problemsOf([object]).join(), /limits\/cpu.*imagePullPolice/);
});

test('every file of a folder is used by its kustomization', () => {
  for (const folder of ['base', 'journaled', 'monitoring']) {
    const path = join('deploy/kubernetes', folder);
    const [{ resources, patches = [], configMapGenerator = [] }] = readYaml(join(path, 'kustomization.yaml'));
    const used = [
      ...resources.filter((resource) => !resource.startsWith('../')),
      ...patches.map((patch) => patch.path),
      ...configMapGenerator.flatMap(({ files }) => files),
    ];
    assert.deepEqual(readdirSync(join(ROOT, path)).sort(), [...used, 'kustomization.yaml'].sort());
  }
});

test('the pod satisfies the standard "restricted"', () => {
  const { securityContext, automountServiceAccountToken } = podOf(base);
  assert.equal(automountServiceAccountToken, false);
  assert.equal(securityContext.runAsNonRoot, true);
  assert.equal(`${securityContext.runAsUser}:${securityContext.runAsGroup}`, image.user);
  assert.deepEqual(securityContext.seccompProfile, { type: 'RuntimeDefault' });
  assert.deepEqual(containerOf(base).securityContext, {
    allowPrivilegeEscalation: false,
    privileged: false,
    readOnlyRootFilesystem: true,
    capabilities: { drop: ['ALL'] },
  });
  const { requests, limits } = containerOf(base).resources;
  for (const resources of [requests, limits]) assert.deepEqual(Object.keys(resources), ['cpu', 'memory']);
});

test('probes and scrapes ask for routes that the service has', () => {
  const { startupProbe, livenessProbe, readinessProbe } = containerOf(base);
  const paths = [startupProbe, livenessProbe, readinessProbe].map(({ httpGet }) => httpGet.path);
  assert.deepEqual(paths, ['/livez', '/livez', '/readyz']);
  const [{ metrics_path: scraped }] = readYaml('docker/prometheus/prometheus.yml')[0].scrape_configs;
  assert.equal(monitor.spec.endpoints[0].path, scraped);
  const checked = /\/\w+z/.exec(image.healthcheck.join())[0];
  for (const url of [...paths, scraped, checked]) assert.ok(app.hasRoute({ method: 'GET', url }), url);
});

test('ports lead from the service to the port of the image', () => {
  const [{ name, containerPort }] = containerOf(base).ports;
  assert.equal(containerPort, image.ports[0]);
  const { startupProbe, livenessProbe, readinessProbe } = containerOf(base);
  const [port] = only(base, 'Service').spec.ports;
  const [{ ports }] = only(base, 'NetworkPolicy').spec.ingress;
  const named = [startupProbe, livenessProbe, readinessProbe].map(({ httpGet }) => httpGet.port);
  for (const used of [...named, port.targetPort, ports[0].port]) assert.equal(used, name);
  assert.equal(monitor.spec.endpoints[0].port, port.name);
});

test('selectors match the pods, and the autoscaler the deployment', () => {
  for (const selected of [
    only(base, 'Deployment').spec.selector.matchLabels,
    only(base, 'Service').spec.selector,
    only(base, 'PodDisruptionBudget').spec.selector.matchLabels,
    only(base, 'NetworkPolicy').spec.podSelector.matchLabels,
    ...podOf(base).topologySpreadConstraints.map(({ labelSelector }) => labelSelector.matchLabels),
  ]) {
    assert.deepEqual(selected, labels);
  }
  assert.deepEqual(monitor.spec.selector.matchLabels, only(base, 'Service').metadata.labels);
  const { scaleTargetRef, minReplicas } = only(base, 'HorizontalPodAutoscaler').spec;
  assert.equal(scaleTargetRef.name, only(base, 'Deployment').metadata.name);
  assert.ok(minReplicas >= 2);
  assert.equal(podOf(base).serviceAccountName, only(base, 'ServiceAccount').metadata.name);
});

test('the grace period is longer than the stop of the service', () => {
  const { graceMs, drainDelayMs } = config.http.stop;
  assert.ok(podOf(base).terminationGracePeriodSeconds * 1_000 > graceMs);
  const { periodSeconds, timeoutSeconds, failureThreshold } = containerOf(base).readinessProbe;
  assert.ok(drainDelayMs >= (periodSeconds * failureThreshold + timeoutSeconds) * 1_000);
});

test('secrets of the configuration are mounted from the secret', () => {
  const { volumes } = podOf(base);
  const { volumeMounts, env } = containerOf(base);
  const { secret } = volumes.find(({ name }) => name === 'credentials');
  const { mountPath } = volumeMounts.find(({ name }) => name === 'credentials');
  assert.deepEqual(
    secretFiles,
    secret.items.map(({ path }) => `${mountPath}/${path}`),
  );
  const required = variables.filter(({ isRequired }) => isRequired).map(({ name }) => name);
  assert.deepEqual(
    env.map(({ name }) => name),
    required,
  );
  for (const { valueFrom } of env) assert.equal(valueFrom.secretKeyRef.name, secret.secretName);
  assert.equal(monitor.spec.endpoints[0].authorization.credentials.name, secret.secretName);
});

test('the configuration is where the command looks for it', () => {
  const { args, volumeMounts } = containerOf(base);
  const { configMap } = podOf(base).volumes.find(({ name }) => name === 'config');
  const [generator] = kustomization.configMapGenerator;
  assert.equal(configMap.name, generator.name);
  const { mountPath } = volumeMounts.find(({ name }) => name === 'config');
  assert.deepEqual(args, ['--config', `${mountPath}/${generator.files[0]}`]);
  assert.deepEqual(args, image.command);
});

test('only mounted folders are written', () => {
  const writable = containerOf(base)
    .volumeMounts.filter(({ readOnly }) => !readOnly)
    .map(({ mountPath }) => mountPath);
  assert.deepEqual(writable, [image.workingDirectory, '/tmp']);
  assert.ok(image.env.QTDAL_WRITER__DIRECTORY.startsWith(`${writable[0]}/`));
});

test('the image is that of the Compose file', () => {
  const [{ services }] = readYaml('docker/compose.yaml');
  const [{ name }] = kustomization.images;
  assert.equal(containerOf(base).image, name);
  assert.equal(services.service.image.split(':')[0], name);
});

test('a journaled writer has one replica and a claim of its own', () => {
  const { spec } = only(journaled, 'Deployment');
  assert.equal(spec.replicas, 1);
  assert.deepEqual(spec.strategy, { type: 'Recreate' });
  assert.ok(!journaled.some(({ kind }) => kind === 'HorizontalPodAutoscaler'));
  const claim = only(journaled, 'PersistentVolumeClaim');
  const { persistentVolumeClaim } = podOf(journaled).volumes.find(({ name }) => name === 'data');
  assert.equal(persistentVolumeClaim.claimName, claim.metadata.name);
  assert.deepEqual(claim.spec.accessModes, ['ReadWriteOncePod']);
  const { value } = containerOf(journaled).env.find(({ name }) => name === 'QTDAL_WRITER__DURABILITY');
  assert.equal(
    defineConfig({ backend: 'memory', writer: { durability: value } }).writer.durability,
    'journaled',
  );
});
