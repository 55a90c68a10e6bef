import type { MarketDataBatch, TimeSeriesBackend } from '@quantumtrade/dal-domain';
import { summaryOfRejection } from '../failures.js';
import type { TestRunner } from '../runner.js';
import type { OpenTimeSeries } from './subject.js';
import { DAY, describeSubject, MINUTE, uniqueName } from './subject.js';

const START = Date.UTC(2025, 0, 1);
const PRICES = { open: 1, high: 1, low: 1, adjustedClose: 1, volume: 1, qualityScore: 1 };

/** Creates a batch of one bar. A symbol always has the same key. */
const bar = (symbol: string, close: number, timestamp?: number): MarketDataBatch => ({
  source: 'vendor',
  records: [{ ...PRICES, symbol, timestamp: START, close }],
  ...(timestamp !== undefined && { timestamp }),
});

/** Tests which of several writes of one key wins. The clock moves only when a test moves it. */
export function versionSuite(runner: TestRunner, open: OpenTimeSeries): void {
  const clock = { time: START, now: () => clock.time };
  const tests = (backend: () => TimeSeriesBackend) => {
    runner.beforeEach(async () => {
      clock.time = START;
    });
    writeTests(runner, backend, clock);
    featureTests(runner, backend, clock);
    checkpointTests(runner, backend, clock);
  };
  describeSubject(runner, open, 'versions', tests, { clock });
}

interface MovableClock {
  time: number;
}

function writeTests(runner: TestRunner, backend: () => TimeSeriesBackend, clock: MovableClock): void {
  const { it, expect } = runner;
  const insert = (batch: MarketDataBatch) => backend().marketData.insert(batch);
  const close = async (symbol: string) => (await backend().marketData.find({ symbol })).data[0]?.close;
  const append = async (batch: MarketDataBatch) => {
    const collector = backend().blocks.collect('marketData');
    collector.append(batch);
    for (const block of collector.finish()) await backend().blocks.write(block);
  };
  const WAYS = { insert, append };

  for (const [first, write] of Object.entries(WAYS)) {
    for (const [second, correct] of Object.entries(WAYS)) {
      it(`later ${second} replaces ${first} when the clock goes back`, async () => {
        const symbol = uniqueName();
        await write(bar(symbol, 1));
        clock.time -= 2_000;
        await correct(bar(symbol, 2));
        expect(await close(symbol)).toBe(2);
      });
    }
  }

  it('a later write replaces one dated ahead', async () => {
    const symbol = uniqueName();
    await insert(bar(symbol, 1, START + MINUTE));
    expect(await insert(bar(symbol, 2))).toMatchObject({ updatedCount: 1, supersededCount: 0 });
    expect(await close(symbol)).toBe(2);
  });

  it('a batch dated at the previous write wins, an earlier one loses', async () => {
    const symbol = uniqueName();
    clock.time += DAY;
    await insert(bar(symbol, 1));
    expect(await insert(bar(symbol, 2, clock.time))).toMatchObject({ supersededCount: 0 });
    expect(await insert(bar(symbol, 3, clock.time - 1))).toMatchObject({ supersededCount: 1 });
    expect(await close(symbol)).toBe(2);
  });

  it('a batch without a time replaces earlier writes when resent', async () => {
    const symbol = uniqueName();
    const batch = bar(symbol, 1);
    for (const each of [batch, bar(symbol, 2), batch]) await insert(each);
    expect(await close(symbol)).toBe(1);
  });

  it('refuses a batch dated more than five minutes ahead', async () => {
    const symbol = uniqueName();
    const late = bar(symbol, 1, START + 5 * MINUTE + 1);
    const refusal = { code: 'VALIDATION', field: 'timestamp' };
    const collector = backend().blocks.collect('marketData');
    expect(await summaryOfRejection(() => insert(late))).toEqual(refusal);
    expect(await summaryOfRejection(async () => collector.append(late))).toEqual(refusal);
    expect(await summaryOfRejection(async () => collector.drawVersion(late))).toEqual(refusal);
    await insert(bar(symbol, 2, START + 5 * MINUTE));
    expect(await close(symbol)).toBe(2);
  });

  for (const time of [undefined, START]) {
    it(`writes follow drawn versions ${time === undefined ? 'without' : 'with'} a time`, async () => {
      const symbol = uniqueName();
      const collector = backend().blocks.collect('marketData');
      const [first, second, third] = [1, 2, 3].map((value) => bar(symbol, value, time));
      const versions = [first!, second!].map((batch) => collector.drawVersion(batch));
      await insert(third!);
      for (const [n, batch] of [second!, first!].entries()) collector.append(batch, versions[1 - n]);
      for (const block of collector.finish()) await backend().blocks.write(block);
      expect(await close(symbol)).toBe(3);
    });
  }
}

function featureTests(runner: TestRunner, backend: () => TimeSeriesBackend, clock: MovableClock): void {
  const { it, expect } = runner;
  const set = (symbol: string, value: number, computedAt?: number) => ({
    ...{ symbol, timestamp: START, version: 1, features: { f: value } },
    ...(computedAt !== undefined && { computedAt }),
  });
  const value = (symbol: string) => backend().features.latestValue(symbol, 'f');

  it('each feature set has the version of its computedAt', async () => {
    const symbol = uniqueName();
    await backend().features.insert([set(symbol, 1, START - 5), set(symbol, 2), set(symbol, 3, START - 1)]);
    expect(await value(symbol)).toBe(2);
    clock.time -= DAY;
    await backend().features.insert([set(symbol, 4, START - 1), set(symbol, 5), set(symbol, 6)]);
    expect(await value(symbol)).toBe(6);
  });

  it('refuses only the feature sets dated too far ahead', async () => {
    const symbol = uniqueName();
    const result = await backend().features.insert([set(symbol, 1), set(symbol, 2, START + DAY)]);
    expect(result).toMatchObject({ insertedCount: 1, failedCount: 1 });
    expect(result.errors).toMatchObject([{ index: 1, field: 'computedAt' }]);
    expect(await value(symbol)).toBe(1);
  });
}

function checkpointTests(runner: TestRunner, backend: () => TimeSeriesBackend, clock: MovableClock): void {
  const { it, expect } = runner;

  it('checkpoint keeps the last position when the clock goes back', async () => {
    const source = uniqueName();
    const { checkpoints } = backend();
    await checkpoints.save(source, 1);
    clock.time -= 2_000;
    await Promise.all([2, 3, 4, 5].map((position) => checkpoints.save(source, position)));
    expect(await checkpoints.load(source)).toBe(5);
  });
}
