import type { PredictionOutcomeInput } from '@quantumtrade/dal-domain';
import type { TestRunner } from '../runner.js';
import { caseOf } from './record-cases.js';
import type { OpenTimeSeries } from './subject.js';
import { describeSubject, DAY, uniqueDay, uniqueName } from './subject.js';

const outcomeCase = caseOf('outcomes');

/** Tests `OutcomeRepository`. */
export function outcomeSuite(runner: TestRunner, open: OpenTimeSeries): void {
  describeSubject(runner, open, 'prediction outcomes', (backend) => {
    const { it, expect } = runner;
    const judged = (symbol: string, timestamp: number, more: Partial<PredictionOutcomeInput>) =>
      ({ ...outcomeCase.row(symbol, timestamp), ...more }) as PredictionOutcomeInput;

    it('orders outcomes by timestamp, then prediction id', async () => {
      const day = uniqueDay();
      const ids = ['é', 'a', 'B'].map((name) => uniqueName(name));
      const outcomes = [1, 0].flatMap((n) =>
        ids.map((predictionId, at) => judged(`X${3 - at}`, day + n, { predictionId })),
      );
      await backend().outcomes.insert({ outcomes });
      const { data } = await backend().outcomes.find({
        startTime: day,
        endTime: day + DAY,
        order: 'time',
      });
      const inOrder = [ids[2], ids[1], ids[0]];
      expect(data.map(({ timestamp, predictionId }) => [timestamp.getTime() - day, predictionId])).toEqual(
        [0, 1].flatMap((n) => inOrder.map((id) => [n, id])),
      );
    });

    it('the key of an outcome is id, symbol and timestamp', async () => {
      const day = uniqueDay();
      const [first, second] = [uniqueName(), uniqueName()].toSorted() as [string, string];
      const predictionId = uniqueName();
      const insert = (symbol: string, timestamp: number, profitLoss: number) =>
        backend().outcomes.insert({ outcomes: [judged(symbol, timestamp, { predictionId, profitLoss })] });
      await insert(second, day, 1);
      expect(await insert(first, day, 2)).toMatchObject({ insertedCount: 1, updatedCount: 0 });
      expect(await insert(first, day + 1, 3)).toMatchObject({ insertedCount: 1, updatedCount: 0 });
      expect(await insert(first, day, 4)).toMatchObject({ insertedCount: 0, updatedCount: 1 });
      const { data } = await backend().outcomes.find({ filters: { predictionId } });
      expect(data.map((row) => [row.symbol, row.timestamp.getTime() - day, row.profitLoss])).toEqual([
        [first, 0, 4],
        [second, 0, 1],
        [first, 1, 3],
      ]);
    });
  });
}
