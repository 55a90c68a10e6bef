import type { PredictionOutcomeInput } from '@quantumtrade/dal-domain';
import type { TestRunner } from '../runner.js';
import { outcomeKind } from './kinds.js';
import { readingTests } from './reading.js';
import type { OpenTimeSeries } from './subject.js';
import { describeSubject, DAY, uniqueDay, uniqueName } from './subject.js';
import { writingTests } from './writing.js';

/** What `OutcomeRepository` promises. */
export function outcomeSuite(runner: TestRunner, open: OpenTimeSeries): void {
  describeSubject(runner, open, 'prediction outcomes', (backend) => {
    const { it, expect } = runner;
    writingTests(runner, outcomeKind, backend);
    readingTests(runner, outcomeKind, backend);

    const judged = (symbol: string, timestamp: number, more: Partial<PredictionOutcomeInput>) =>
      ({ ...outcomeKind.row(symbol, timestamp), ...more }) as PredictionOutcomeInput;

    it('orders by timestamp and then prediction id, whatever the symbol', async () => {
      const day = uniqueDay();
      const ids = ['é', 'a', 'B'].map((name) => uniqueName(name));
      const outcomes = [1, 0].flatMap((n) =>
        ids.map((predictionId, at) => judged(`X${3 - at}`, day + n, { predictionId })),
      );
      await backend().outcomes.insert({ outcomes });
      const { data } = await backend().outcomes.find({ startTime: day, endTime: day + DAY });
      const inOrder = [ids[2], ids[1], ids[0]];
      expect(data.map(({ timestamp, predictionId }) => [timestamp.getTime() - day, predictionId])).toEqual(
        [0, 1].flatMap((n) => inOrder.map((id) => [n, id])),
      );
    });

    it('is keyed by prediction id and timestamp: another symbol replaces', async () => {
      const day = uniqueDay();
      const [first, second] = [uniqueName(), uniqueName()];
      const predictionId = uniqueName();
      await backend().outcomes.insert({ outcomes: [judged(first, day, { predictionId })] });
      const result = await backend().outcomes.insert({ outcomes: [judged(second, day, { predictionId })] });
      expect(result).toMatchObject({ insertedCount: 0, updatedCount: 1 });
      expect((await backend().outcomes.find({ symbol: first })).totalCount).toBe(0);
      const { data } = await backend().outcomes.find({ symbol: second }, { exact: true });
      expect(data).toEqual([
        {
          predictionId,
          symbol: second,
          timestamp: new Date(day),
          actualPrice: '102.5',
          predictedPrice: '101.25',
          accuracyScore: 0.875,
          profitLoss: '-1.25',
          strategyName: 'momentum',
          marketRegime: 'bull',
          evaluationTimestamp: new Date(day + 3_600_000),
        },
      ]);
    });
  });
}
