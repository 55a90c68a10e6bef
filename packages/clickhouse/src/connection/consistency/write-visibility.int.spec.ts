import { bars } from '@quantumtrade/dal-testing/records';
import { connectClickHouse } from '../../backend.js';
import { openOwnBackend, type OwnBackend } from '../../testing/own-backend.js';

let own: OwnBackend;
beforeAll(async () => {
  own = await openOwnBackend();
});
afterAll(() => own.close());

it('read fails at once at another server whose tables are not replicated', async () => {
  const { writeToken } = await own.backend.marketData.insert(bars(['A']));
  const { url, ...settings } = own.settings;
  const renamed = new URL(url);
  renamed.hostname = renamed.hostname === 'localhost' ? '127.0.0.1' : 'localhost';
  const backend = connectClickHouse({ ...settings, url: renamed.origin });
  const startedAt = Date.now();
  await expect(backend.marketData.find({ symbol: 'A' }, { readAfter: writeToken! })).rejects.toMatchObject({
    code: 'CONNECTION',
    retryable: true,
    message: expect.stringMatching(/no server is known to have the write .*not replicated/),
  });
  expect(Date.now() - startedAt).toBeLessThan(10_000);
  expect((await backend.marketData.find({ symbol: 'A' })).data).toHaveLength(1);
  await backend.probe.close();
});
