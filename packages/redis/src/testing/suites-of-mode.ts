import { cacheSuites } from '@quantumtrade/dal-conformance';

/**
 * Returns the suites of what depends on a mode of connecting; the others would repeat what a single server and a cluster show. The long
 * form (`QT_FAULTS=long`) runs every suite in every mode.
 */
export const suitesOfMode = (...dependent: (typeof cacheSuites)[]): readonly (typeof cacheSuites)[] =>
  process.env['QT_FAULTS'] === 'long' ? [cacheSuites] : dependent;
