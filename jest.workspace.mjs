import { unit } from './jest.preset.mjs';

/**
 * All packages' tests in one run, which share two workers and the servers. A worker that has grown is replaced, because modules of ended
 * files stay in its memory.
 */
export default {
  projects: ['<rootDir>/{packages,apps,tools}/*/jest.config.mjs'],
  testSequencer: '<rootDir>/tools/test-servers/src/long-tests-first.mjs',
  testTimeout: unit.testTimeout,
  maxWorkers: 2,
  workerIdleMemoryLimit: '2GB',
};
