import { ConnectionError, tableGuarantees } from '@quantumtrade/dal-domain';
import { memoryTimeSeries } from '@quantumtrade/dal-memory';
import { bars } from '@quantumtrade/dal-testing/records';
import { GuaranteeMonitor } from './guarantees.js';
import { unavailable } from './testing/answers.js';

const remembers = { blocks: 100, seconds: null };
const WHOLE = [tableGuarantees('market_data', { remembers, reasons: {} })];
const FLAWED = [tableGuarantees('market_data', { remembers, reasons: { idempotent: 'window is 0' } })];

/** Returns a guarded writer of a store that cannot be inspected until `tables` are given. */
async function guardedWriter() {
  const timeSeries = memoryTimeSeries();
  const store: { tables?: typeof WHOLE } = {};
  const inspector = {
    inspect: (options?: object) =>
      // The port refuses unknown options.
      timeSeries.guarantees.inspect(options).then(() => store.tables ?? Promise.reject(unavailable)),
  };
  const monitor = new GuaranteeMonitor(inspector, { now: () => 0 });
  const guarded = await monitor.guard(timeSeries.blocks, ['idempotent']);
  const collector = guarded.collect('marketData');
  collector.append(bars(['A']));
  const [block] = collector.finish();
  const write = () => guarded.write(block!, { findSuperseded: true });
  return { store, write };
}

it('a guarded writer inspects the store before its first block', async () => {
  const { store, write } = await guardedWriter();
  await expect(write()).rejects.toBe(unavailable);
  store.tables = WHOLE;
  expect(await write()).toEqual({ superseded: [], writeToken: expect.any(String) });
});

it('a guarded writer refuses blocks when a guarantee is missing', async () => {
  const { store, write } = await guardedWriter();
  store.tables = FLAWED;
  const refusal = expect.objectContaining({
    retryable: false,
    message: expect.stringContaining('window is 0'),
  });
  await expect(write()).rejects.toEqual(refusal);
  await expect(write()).rejects.toBeInstanceOf(ConnectionError);
});
