import { jest } from '@jest/globals';

const missing = (name: string) =>
  Object.assign(new Error(`Cannot find package '${name}' imported from /app/x.js`), {
    code: 'ERR_MODULE_NOT_FOUND',
  });

it.each([
  ['@quantumtrade/dal-clickhouse-embedded', 'npm install @quantumtrade/dal-clickhouse-embedded'],
  ['chdb', "did not start: Cannot find package 'chdb'"],
])('startEmbeddedEngine names the remedy when %s is missing', async (name, advice) => {
  jest.resetModules();
  jest.unstable_mockModule('@quantumtrade/dal-clickhouse-embedded', () => ({
    startEmbeddedClickHouse: () => Promise.reject(missing(name)),
  }));
  const { startEmbeddedEngine } = await import('./embedded-engine.js');
  await expect(startEmbeddedEngine(undefined)).rejects.toMatchObject({
    name: 'ConnectionError',
    operation: 'embedded.start',
    retryable: false,
    message: expect.stringContaining(advice),
  });
});
