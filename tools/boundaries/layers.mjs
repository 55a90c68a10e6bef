/**
 * Proves that lint enforces the layer boundaries of `eslint.config.mjs`: lints imports that it must refuse, and some that it must
 * accept, as if they stood in the files named.
 */
import { createProjectGraphAsync } from '@nx/devkit';
import { ESLint } from 'eslint';

const refused = [
  ['packages/runtime/src/x.ts', 'node:fs'],
  ['packages/runtime/src/x.ts', './fs/index.js'],
  ['packages/runtime/src/x.ts', 'zod'],
  ['packages/runtime/src/x.ts', '@quantumtrade/dal-domain'],
  ['packages/domain/src/x.ts', '@clickhouse/client'],
  ['packages/domain/src/x.ts', 'ioredis'],
  ['packages/domain/src/x.ts', 'node:fs'],
  ['packages/domain/src/x.ts', 'fs/promises'],
  ['packages/domain/src/x.ts', '@quantumtrade/dal-runtime/fs'],
  ['packages/domain/src/x.ts', '@quantumtrade/dal-memory'],
  ['packages/writer/src/x.ts', '@quantumtrade/dal'],
  ['packages/writer/src/x.ts', '@quantumtrade/dal-cache'],
  ['packages/writer/src/x.ts', '@quantumtrade/dal-memory'],
  ['packages/writer/src/x.ts', 'ioredis'],
  ['packages/operations/src/x.ts', '@quantumtrade/dal-clickhouse'],
  ['packages/operations/src/x.ts', 'ioredis'],
  ['packages/dal/src/x.ts', 'inversify'],
  ['packages/dal/src/x.ts', 'ioredis'],
  ['packages/dal/src/x.ts', '@inversifyjs/core'],
  ['packages/dal/src/x.ts', '@quantumtrade/dal-clickhouse'],
  ['packages/clickhouse/src/x.ts', '@quantumtrade/dal-redis'],
  ['packages/clickhouse/src/x.ts', '@quantumtrade/dal-memory'],
  ['packages/redis/src/x.ts', '@quantumtrade/dal-clickhouse'],
  ['packages/redis/src/x.ts', 'inversify'],
  ['packages/memory/src/x.ts', '@quantumtrade/dal'],
  ['packages/telemetry/src/x.ts', '@quantumtrade/dal-domain'],
  ['packages/journal/src/x.ts', '@quantumtrade/dal-domain'],
  ['packages/secrets/src/x.ts', '@quantumtrade/dal-config'],
  ['packages/config/src/x.ts', '@quantumtrade/dal-redis'],
  ['packages/journal/src/x.ts', '@quantumtrade/dal-testing'],
  ['packages/testing/src/x.ts', '@quantumtrade/dal-journal'],
  ['packages/audit-trail/src/x.ts', '@quantumtrade/dal-domain'],
  ['packages/conformance/src/x.ts', '@quantumtrade/dal-memory'],
  ['packages/clickhouse-embedded/src/x.ts', '@quantumtrade/dal-domain'],
  ['packages/container/src/x.ts', '@quantumtrade/dal-test-servers'],
  ['apps/cli/src/x.ts', '@quantumtrade/dal-clickhouse'],
  ['apps/cli/src/x.ts', 'ioredis'],
  ['packages/clickhouse/src/x.ts', 'chdb'],
  ['packages/clickhouse/src/x.ts', 'ioredis'],
  ['packages/redis/src/x.ts', '@clickhouse/client'],
  ['packages/memory/src/x.ts', 'ioredis'],
  ['packages/cache/src/x.ts', 'ioredis'],
  ['packages/operations/src/x.ts', '@aws-sdk/client-s3'],
  ['packages/operations/src/x.ts', '@quantumtrade/dal-object-store'],
  ['packages/object-store/src/x.ts', 'ioredis'],
  ['packages/cache/src/x.ts', '@quantumtrade/dal-redis'],
  ['packages/keyv/src/x.ts', '@quantumtrade/dal-redis'],
  ['packages/keyv/src/x.ts', 'ioredis'],
  ['packages/arrow/src/x.ts', '@quantumtrade/dal-clickhouse'],
  ['packages/domain/src/x.ts', 'apache-arrow'],
];

const accepted = [
  ['packages/runtime/src/fs/x.ts', 'node:fs'],
  ['packages/domain/src/x.ts', '@quantumtrade/dal-runtime'],
  ['packages/journal/src/x.ts', '@quantumtrade/dal-runtime/fs'],
  ['packages/config/src/x.ts', '@quantumtrade/dal-secrets'],
  ['packages/journal/src/x.spec.ts', '@quantumtrade/dal-testing'],
  ['packages/clickhouse/src/x.ts', '@quantumtrade/dal-domain'],
  ['packages/clickhouse/src/x.ts', '@clickhouse/client'],
  ['packages/clickhouse/src/x.spec.ts', '@quantumtrade/dal-memory'],
  ['packages/clickhouse-embedded/src/x.ts', 'ffi-rs'],
  ['packages/object-store/src/x.ts', '@aws-sdk/client-s3'],
  ['packages/cache/src/x.ts', 'lru-cache'],
  ['packages/keyv/src/x.ts', 'keyv'],
  ['packages/arrow/src/x.ts', 'apache-arrow'],
  ['packages/writer/src/x.ts', '@quantumtrade/dal-journal'],
  ['packages/operations/src/x.ts', '@quantumtrade/dal-journal'],
  ['packages/dal/src/x.ts', '@quantumtrade/dal-writer'],
  ['packages/container/src/x.ts', '@quantumtrade/dal-redis'],
  ['packages/container/src/x.ts', 'inversify'],
  ['apps/cli/src/x.ts', '@quantumtrade/dal-container'],
];

/** Lints each example and reports those whose outcome differs from the one that their list expects. */
export async function checkLayers() {
  await createProjectGraphAsync();
  const eslint = new ESLint();
  const isRefused = async ([file, imported]) => {
    const [result] = await eslint.lintText(`import '${imported}';\n`, { filePath: file });
    return result.messages.some(({ ruleId }) =>
      ['@nx/enforce-module-boundaries', 'no-restricted-imports'].includes(ruleId),
    );
  };
  const findings = [];
  for (const example of refused) {
    if (!(await isRefused(example)))
      findings.push(`${example[0]} may import ${example[1]}, which must be refused`);
  }
  for (const example of accepted) {
    if (await isRefused(example))
      findings.push(`${example[0]} may not import ${example[1]}, which must be accepted`);
  }
  return findings;
}
