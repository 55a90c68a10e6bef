import type { RecordName, TimeSeriesBackend } from '@quantumtrade/dal-domain';
import { recordNames, toWriteToken } from '@quantumtrade/dal-domain';
import { summaryOfRejection } from '../failures.js';
import type { TestRunner } from '../runner.js';
import { callMethod, collect, methodCases } from './method-cases.js';
import { readsOf } from './read-methods.js';
import type { RecordCase } from './record-cases.js';
import { batchOfRows, caseOf, recordCases } from './record-cases.js';
import type { OpenTimeSeries } from './subject.js';
import { describeSubject, uniqueDay, uniqueName } from './subject.js';

const NO_TOKENS = ['no token', '', 5, null, ['no token'], [undefined], {}];

/** Tests that a read with the token of a write sees the write. */
export function readAfterSuite(runner: TestRunner, open: OpenTimeSeries): void {
  describeSubject(runner, open, 'reads after writes', (backend) => {
    const { it, expect } = runner;
    for (const tested of recordCases) readAfterTests(runner, tested, backend);

    it('block that was written twice is seen with either token', async () => {
      const symbol = uniqueName();
      const collector = backend().blocks.collect('marketData');
      const tested = caseOf('marketData');
      collector.append(batchOfRows(tested, [tested.row(symbol, uniqueDay())]) as never);
      const [block] = collector.finish();
      const receipts = [await backend().blocks.write(block!), await backend().blocks.write(block!)];
      for (const { writeToken } of receipts) {
        const { data } = await readsOf(backend(), 'marketData').find({ symbol }, { readAfter: writeToken! });
        expect(data).toHaveLength(1);
      }
    });

    it('lookups see the write whose token they have', async () => {
      const [symbol, predictionId] = [uniqueName(), uniqueName()];
      const [timestamp, readAfter] = [uniqueDay(), [] as string[]];
      const insert = async (record: RecordName, more: object) => {
        const tested = caseOf(record);
        const row = { ...tested.row(symbol, timestamp), ...more };
        readAfter.push((await tested.insert(backend(), batchOfRows(tested, [row]))).writeToken!);
      };
      await insert('marketData', {});
      await insert('predictions', { predictionId });
      const set = { symbol, timestamp, features: { a: 1 }, version: 1 };
      readAfter.push((await backend().features.insert([set])).writeToken!);
      const { marketData, predictions, features } = backend();
      const options = { readAfter };
      expect((await marketData.latest(symbol, 1, options)).data).toHaveLength(1);
      expect([...(await marketData.latestMany([symbol], 1, options)).keys()]).toEqual([symbol]);
      expect(await predictions.findById(predictionId, options)).toMatchObject({ predictionId });
      expect((await predictions.findByIds([predictionId], options)).size).toBe(1);
      expect(await features.latest(symbol, options)).toMatchObject({ symbol });
      expect((await features.latestMany([symbol], options)).size).toBe(1);
      expect(await features.latestValue(symbol, 'a', options)).toBe(1);
      const bars = { symbol, interval: '1d' as const };
      expect((await backend().analytics.aggregate(bars, options)).data).toHaveLength(1);
      expect(await backend().analytics.lateBars({ symbol }, options)).toHaveLength(1);
    });

    const token = toWriteToken([{ endpoint: 'a', shard: '1', record: 'marketData', id: 'a' }])!;
    for (const tested of methodCases) {
      const isRead = tested.port in recordsAndAnalytics && tested.method !== 'insert';
      it(`${tested.name} ${isRead ? 'refuses a wrong readAfter' : 'has no readAfter'}`, async () => {
        for (const readAfter of isRead ? NO_TOKENS : [token]) {
          const call = () => callMethod(backend(), tested, tested.args, { readAfter } as object);
          expect(await summaryOfRejection(call)).toEqual({ code: 'VALIDATION', field: 'readAfter' });
        }
      });
    }
  });
}

const recordsAndAnalytics = Object.fromEntries([...recordNames, 'analytics'].map((name) => [name, true]));

function readAfterTests(runner: TestRunner, tested: RecordCase, backend: () => TimeSeriesBackend): void {
  const { it, expect } = runner;
  const record = tested.definition.name as RecordName;

  it(`reads of ${record} see the write whose token they have`, async () => {
    const scope = uniqueName();
    const day = uniqueDay();
    const rows = [tested.row(scope, day, 0), tested.row(scope, day, 1)];
    const tokens: string[] = [];
    const { find, stream, streamColumns, columns } = readsOf(backend(), record);
    for (const [n, row] of rows.entries()) {
      const { writeToken } = await tested.insert(backend(), batchOfRows(tested, [row]));
      tokens.push(writeToken!);
      const where = tested.where(scope);
      for (const readAfter of [writeToken!, tokens]) {
        const options = { readAfter };
        expect((await find(where, options)).totalCount).toBe(n + 1);
        expect((await collect(stream(where, options))).flat()).toHaveLength(n + 1);
        const batches = await collect(streamColumns(where, options));
        const counted = batches.reduce((sum, { rowCount }) => sum + rowCount, 0);
        expect(counted).toBe((await columns(where, options)).rowCount);
      }
    }
  });

  it(`write of no row of ${record} has no token`, async () => {
    const { writeToken } = await tested.insert(backend(), batchOfRows(tested, []));
    expect(writeToken).toBeNull();
  });
}
