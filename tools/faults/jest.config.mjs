import { unit } from '../../jest.preset.mjs';

export default {
  ...unit,
  globalSetup: '<rootDir>/src/global-setup.mjs',
  globalTeardown: '<rootDir>/src/global-teardown.mjs',
  setupFilesAfterEnv: ['<rootDir>/src/long-timeout.ts'],
};
