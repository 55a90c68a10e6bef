/**
 * How every package's tests run: native ES modules, compiled by swc, straight from the sources of all packages.
 * They run in a time zone far from UTC and with a gap, so that code which depends on the machine's zone fails.
 * A package whose `*.int.spec.ts` files need servers uses `withServers`, which starts them once for a run.
 */
process.env.TZ = 'Pacific/Apia';

export const unit = {
  testEnvironment: '<rootDir>/../../tools/test-servers/src/file-environment.mjs',
  extensionsToTreatAsEsm: ['.ts'],
  testMatch: ['<rootDir>/src/**/*.spec.ts'],
  moduleNameMapper: { '^(\\.{1,2}/.*)\\.js$': '$1' },
  moduleFileExtensions: ['ts', 'js', 'mjs', 'cjs', 'json', 'node'],
  testEnvironmentOptions: {
    customExportConditions: ['@quantumtrade/source', 'node', 'node-addons'],
  },
  transform: {
    '^.+\\.ts$': [
      '<rootDir>/../../tools/test-servers/src/transform.mjs',
      {
        jsc: { parser: { syntax: 'typescript' }, target: 'es2022' },
        module: { type: 'es6' },
        sourceMaps: 'inline',
      },
    ],
  },
  testTimeout: 60_000,
};

export const withServers = {
  ...unit,
  globalSetup: '<rootDir>/../../tools/test-servers/src/jest-global-setup.mjs',
  globalTeardown: '<rootDir>/../../tools/test-servers/src/jest-global-teardown.mjs',
};

export default unit;
