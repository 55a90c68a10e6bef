import nx from '@nx/eslint-plugin';
import prettier from 'eslint-config-prettier';
import { builtinModules } from 'node:module';
import tseslint from 'typescript-eslint';
import houseStyle from './tools/lint/plain-words.mjs';

/** Layers that each layer may import. Imports point downwards only; ARCHITECTURE.md has the picture. */
const layers = {
  runtime: [],
  domain: ['runtime'],
  platform: ['runtime', 'platform'],
  engine: [],
  migrations: [],
  conformance: ['runtime', 'domain'],
  testing: ['runtime', 'domain'],
  adapter: ['runtime', 'domain', 'platform', 'migrations'],
  cache: ['runtime', 'domain'],
  integration: ['runtime', 'domain'],
  writer: ['runtime', 'domain', 'platform'],
  operations: ['runtime', 'domain', 'platform'],
  dal: ['runtime', 'domain', 'platform', 'cache', 'writer'],
  config: ['runtime', 'platform', 'adapter', 'writer', 'operations'],
  container: ['config', 'dal', 'cache', 'adapter', 'engine', 'operations', 'runtime', 'domain', 'platform'],
  app: ['app', 'container', 'config', 'dal', 'operations', 'integration', 'runtime', 'domain', 'platform'],
  tool: [
    'tool',
    'app',
    'container',
    'config',
    'dal',
    'operations',
    'writer',
    'cache',
    'adapter',
    'integration',
    'engine',
    'conformance',
    'testing',
    'runtime',
    'domain',
    'platform',
    'migrations',
  ],
};

/** Layers that only the tests of a layer may import as well. */
const testsAlso = {
  platform: ['testing'],
  engine: ['testing'],
  adapter: ['conformance', 'testing', 'tool', 'adapter'],
  cache: ['adapter', 'platform', 'testing'],
  integration: ['adapter', 'testing'],
  writer: ['adapter', 'testing'],
  operations: ['adapter', 'conformance', 'testing', 'tool'],
  dal: ['adapter', 'conformance', 'testing'],
  container: ['testing', 'tool'],
  app: ['testing', 'tool', 'engine', 'adapter'],
  domain: [],
};

const drivers = {
  clickhouse: ['@clickhouse/client'],
  redis: ['ioredis', 'redis-mock'],
  engine: ['chdb', 'ffi-rs'],
  s3: ['@aws-sdk/client-s3'],
};
const allDrivers = Object.values(drivers).flat();
const allDriversBut = (own) => allDrivers.filter((driver) => !drivers[own]?.includes(driver));
const containers = ['inversify', 'reflect-metadata'];
const externals = {
  runtime: { allowedExternalImports: [] },
  domain: { allowedExternalImports: ['zod'] },
  platform: { bannedExternalImports: [...allDrivers, ...containers] },
  conformance: { allowedExternalImports: ['fast-check'] },
  testing: { allowedExternalImports: ['ioredis', '@smithy/signature-v4', 'esbuild'] },
  adapter: { bannedExternalImports: containers },
  cache: { allowedExternalImports: ['lru-cache'] },
  integration: { allowedExternalImports: ['keyv', 'apache-arrow'] },
  writer: { allowedExternalImports: [] },
  operations: { allowedExternalImports: [] },
  dal: { allowedExternalImports: [] },
  engine: { bannedExternalImports: [...allDriversBut('engine'), ...containers] },
  config: { allowedExternalImports: ['smol-toml'] },
  container: { bannedExternalImports: allDrivers },
  app: { bannedExternalImports: allDrivers },
};

/** An adapter's tag `driver:x` names the only driver it may import; `driver:none` allows none. */
const ownDriverOnly = ['clickhouse', 'redis', 's3', 'none'].map((own) => ({
  sourceTag: `driver:${own}`,
  onlyDependOnLibsWithTags: ['*'],
  bannedExternalImports: allDriversBut(own),
}));

const boundaries = (testing) => [
  'error',
  {
    enforceBuildableLibDependency: false,
    banTransitiveDependencies: false,
    allow: ['.*/jest\\.preset\\.mjs$'],
    // A test may import at once what its package loads when it is asked for.
    checkDynamicDependenciesExceptions: testing ? ['.*'] : [],
    depConstraints: [
      ...Object.entries(layers).map(([layer, below]) => ({
        sourceTag: `layer:${layer}`,
        onlyDependOnLibsWithTags: [...below, ...(testing ? (testsAlso[layer] ?? []) : [])].map(
          (l) => `layer:${l}`,
        ),
        ...(testing ? {} : externals[layer]),
      })),
      ...(testing ? [] : ownDriverOnly),
    ],
  },
];

export default tseslint.config(
  { ignores: ['**/dist/**', '**/out-tsc/**', '**/node_modules/**', '.nx/**'] },
  ...tseslint.configs.recommended,
  { plugins: { '@nx': nx, 'house-style': houseStyle } },
  {
    files: ['**/*.{ts,mjs,js}'],
    rules: {
      '@nx/enforce-module-boundaries': boundaries(false),
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
      '@typescript-eslint/consistent-type-imports': 'error',
      eqeqeq: ['error', 'always', { null: 'ignore' }],
      'no-console': 'error',
      'max-lines': ['error', { max: 300 }],
      'house-style/plain-words': 'error',
      'house-style/short-test-names': 'error',
    },
  },
  {
    files: ['**/*.spec.ts', '{packages,apps}/*/src/**/testing/**/*.ts'],
    rules: { '@nx/enforce-module-boundaries': boundaries(true) },
  },
  {
    files: ['packages/{domain,runtime}/src/**/*.ts'],
    ignores: ['**/*.spec.ts', 'packages/runtime/src/fs/**'],
    rules: {
      'no-restricted-imports': [
        'error',
        {
          paths: builtinModules
            .flatMap((name) => [name, `node:${name}`])
            .filter((name) => !['node:crypto', 'node:async_hooks'].includes(name))
            .concat('@quantumtrade/dal-runtime/fs')
            .map((name) => ({ name, message: 'The domain and the runtime do no I/O.' })),
          patterns: [{ group: ['./fs/*'], message: 'Only the subpath export of the runtime does I/O.' }],
        },
      ],
      'no-restricted-syntax': [
        'error',
        { selector: 'ImportExpression', message: 'The domain and the runtime import nothing at run time.' },
      ],
    },
  },
  {
    // The configuration reads the declared settings of the parts, and loads no driver.
    files: ['packages/config/src/**/*.ts'],
    rules: {
      'no-restricted-imports': [
        'error',
        {
          patterns: [
            {
              regex: '^@quantumtrade/dal(-(?!runtime$|secrets$)[a-z-]+)?$',
              message:
                'The configuration imports the declared settings of a part only: its path "/settings".',
            },
          ],
        },
      ],
    },
  },
  { files: ['tools/**', 'examples/**'], rules: { 'no-console': 'off' } },
  { files: ['tools/lint/words.mjs'], rules: { 'house-style/plain-words': 'off' } },
  prettier,
);
