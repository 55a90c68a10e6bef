import { summaryOfRejection } from '../failures.js';
import type { TestRunner } from '../runner.js';
import type { OpenTimeSeries } from './subject.js';
import { describeSubject, untyped } from './subject.js';

/** Tests `CopyController` on copies that have all rows. */
export function copySuite(runner: TestRunner, open: OpenTimeSeries): void {
  describeSubject(runner, open, 'copies', (backend) => {
    const { it, expect } = runner;

    it('compare and repair find nothing to do', async () => {
      const record = { symbol: 'COPIES', timestamp: 0, open: 1, high: 1, low: 1, close: 1 };
      await backend().marketData.insert({
        source: 'copies',
        records: [{ ...record, volume: 1, adjustedClose: 1, qualityScore: 100 }],
      });
      const found = await backend().copies.compare({ settleMs: 0 });
      expect({ ...found, partitions: 0 }).toEqual({
        partitions: 0,
        differences: [],
        unsettled: [],
        lacking: [],
        unreachable: [],
      });
      expect(await backend().copies.repair({ settleMs: 0 })).toEqual({
        copied: [],
        refused: [],
        after: found,
      });
    });

    it('wrong options are refused by name', async () => {
      const { copies } = backend();
      for (const [field, call] of [
        ['content', () => copies.compare({ content: untyped('yes') })],
        ['settleMs', () => copies.compare({ settleMs: -1 })],
        ['settleMs', () => copies.repair({ settleMs: 0.5 })],
        ['restoreDeleted', () => copies.repair({ restoreDeleted: untyped(1) })],
      ] as const)
        expect(await summaryOfRejection(call)).toEqual({ code: 'VALIDATION', field });
    });
  });
}
