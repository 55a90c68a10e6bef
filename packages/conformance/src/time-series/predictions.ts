import type { PredictionInput } from '@quantumtrade/dal-domain';
import { summaryOfRejection } from '../failures.js';
import type { TestRunner } from '../runner.js';
import { caseOf } from './record-cases.js';
import type { OpenTimeSeries } from './subject.js';
import {
  answer,
  DAY,
  describeSubject,
  MINUTE,
  TRICKY_NAMES,
  uniqueDay,
  uniqueName,
  untyped,
} from './subject.js';

const outcomeCase = caseOf('outcomes');
const predictionCase = caseOf('predictions');

/** Tests `PredictionRepository`. */
export function predictionSuite(runner: TestRunner, open: OpenTimeSeries): void {
  describeSubject(runner, open, 'predictions', (backend) => {
    const { it, expect } = runner;
    const day = uniqueDay();
    const predicted = (symbol: string, more: Partial<PredictionInput> = {}) =>
      ({ ...predictionCase.row(symbol, day), ...more }) as PredictionInput;
    const write = (predictions: readonly PredictionInput[]) =>
      backend().predictions.insert({ predictions, modelVersion: 'gbm-7', strategy: 'momentum' });
    const judge = (predictionId: string, symbol: string, timestamp: number) =>
      backend().outcomes.insert({
        outcomes: [{ ...outcomeCase.row(symbol, timestamp), predictionId } as never],
      });

    it('findById returns a prediction, exact when exact is set', async () => {
      const symbol = uniqueName();
      const predictionId = `${symbol}-🚀`;
      await write([
        predicted(symbol),
        predicted(symbol, { predictionId, predictedPrice: '9999999999.99999999' }),
      ]);
      const { predictions } = backend();
      expect(await predictions.findById(predictionId, { exact: true })).toEqual({
        predictionId,
        symbol,
        timestamp: new Date(day),
        modelVersion: 'gbm-7',
        strategyName: 'momentum',
        predictionHorizon: 60,
        predictedPrice: '9999999999.99999999',
        confidence: 0.5,
        marketRegime: 'bull',
        featuresUsed: ['rsi_14', 'sma_20'],
        modelLatencyMs: 12,
        strategyParameters: { lookback: 20, threshold: 0.1 },
      });
      expect(await predictions.findById(`${symbol}-0000`)).toMatchObject({ predictedPrice: 101.25 });
      expect(await summaryOfRejection(() => predictions.findById(predictionId))).toEqual({ code: 'QUERY' });
    });

    it('findById returns null for an unknown id, refuses invalid ones', async () => {
      const { predictions } = backend();
      expect(await predictions.findById(uniqueName())).toBeNull();
      for (const id of ['', untyped<string>(7), 'x'.repeat(257), '\ud800']) {
        expect(await summaryOfRejection(() => predictions.findById(id))).toEqual({
          code: 'VALIDATION',
          field: 'predictionId',
        });
      }
    });

    it('findById prefers the greatest timestamp, then the greatest symbol', async () => {
      const predictionId = uniqueName();
      await write([
        predicted('B', { predictionId, timestamp: day + 1 }),
        predicted('C', { predictionId, timestamp: day + 1 }),
        predicted('A', { predictionId, timestamp: day + 1 }),
        predicted('Z', { predictionId, timestamp: day }),
      ]);
      expect(await backend().predictions.findById(predictionId)).toMatchObject({
        symbol: 'C',
        timestamp: new Date(day + 1),
      });
      expect((await backend().predictions.find({ filters: { predictionId } })).totalCount).toBe(4);
    });

    it('keeps feature lists and parameter maps unchanged', async () => {
      const symbol = uniqueName();
      const tricky = Object.fromEntries(TRICKY_NAMES.map((name, n) => [name, n / 3]));
      const shapes: Partial<PredictionInput>[] = [
        { featuresUsed: [], strategyParameters: {} },
        { featuresUsed: ['b', 'a', 'b', '', "it's", ...TRICKY_NAMES], strategyParameters: tricky },
        { strategyParameters: { '': 0, big: 1.7976931348623157e308, tiny: 5e-324, third: -1 / 3, zero: -0 } },
      ];
      await write(shapes.map((shape, n) => predicted(symbol, { ...shape, predictionId: `${symbol}-${n}` })));
      const { data } = await backend().predictions.find({ symbol });
      expect(data.map(({ featuresUsed }) => featuresUsed)).toEqual([
        [],
        ['b', 'a', 'b', '', "it's", ...TRICKY_NAMES],
        ['rsi_14', 'sma_20'],
      ]);
      const parameters = data.map(({ strategyParameters }) => new Map(Object.entries(strategyParameters)));
      expect(parameters).toEqual([
        new Map(),
        new Map(Object.entries(tricky)),
        new Map(Object.entries({ '': 0, big: 1.7976931348623157e308, tiny: 5e-324, third: -1 / 3, zero: 0 })),
      ]);
    });

    it('refuses predictions with invalid fields', async () => {
      const wrong: [keyof PredictionInput, unknown][] = [
        ['featuresUsed', 'rsi'],
        ['featuresUsed', [1]],
        ['featuresUsed', ['\ud800']],
        ['strategyParameters', [1]],
        ['strategyParameters', new Map([['a', 1]])],
        ['strategyParameters', { a: NaN }],
        ['strategyParameters', { a: '1' }],
        ['strategyParameters', { '\ud800': 1 }],
        ['predictionHorizon', 2 ** 32],
        ['predictionHorizon', 0.5],
        ['modelLatencyMs', -1],
        ['confidence', 1.5],
      ];
      const { errors } = await write(
        wrong.map(([name, value]) => predicted(uniqueName(), { [name]: value })),
      );
      expect(errors.map(({ index, field }) => [index, field])).toEqual(
        wrong.map(([name], index) => [index, name]),
      );
    });

    it('keeps horizons of months and long latencies', async () => {
      const symbol = uniqueName();
      const kept = [
        { predictionHorizon: 129_600, modelLatencyMs: 12.7 },
        { predictionHorizon: 4_294_967_295, modelLatencyMs: 90_000 },
      ];
      await write(kept.map((more, n) => predicted(symbol, { ...more, predictionId: `${symbol}-${n}` })));
      expect((await backend().predictions.find({ symbol })).data).toMatchObject(kept);
      const due = await backend().predictions.dueForEvaluation(129_600, day + 129_600 * MINUTE);
      expect(due.data.filter((row) => row.symbol === symbol)).toHaveLength(1);
    });

    it('dueForEvaluation returns expired predictions without an outcome in order', async () => {
      const horizon = 101;
      const end = (timestamp: number) => timestamp + horizon * MINUTE;
      const ids = ['b', 'a', 'c'].map((name) => uniqueName(name));
      const predictions = [0, 1, 2].flatMap((n) =>
        ids.map((predictionId) =>
          predicted('D', { predictionId, timestamp: day + n, predictionHorizon: horizon }),
        ),
      );
      const other = predicted('D', { predictionId: uniqueName(), predictionHorizon: horizon + 1 });
      const early = predicted('C', {
        predictionId: uniqueName(),
        timestamp: day + 1,
        predictionHorizon: horizon,
      });
      await write([...predictions, other, early]);
      await judge(ids[0]!, 'D', day);

      const due = async (now: Date | number, limit?: number) => {
        const found = await backend().predictions.dueForEvaluation(horizon, now, {
          ...(limit !== undefined && { limit }),
        });
        return {
          found: found.data.map((row) => [row.timestamp.getTime() - day, row.symbol, row.predictionId]),
          totalCount: found.totalCount,
          cacheHit: found.cacheHit,
        };
      };
      const first = ids.toSorted().filter((id) => id !== ids[0]);
      const all = [
        ...first.map((id) => [0, 'D', id]),
        [1, 'C', early.predictionId],
        ...ids.toSorted().map((id) => [1, 'D', id]),
        ...ids.toSorted().map((id) => [2, 'D', id]),
      ];
      expect(await due(end(day) - 1)).toEqual({ found: [], totalCount: 0, cacheHit: false });
      expect(await due(end(day))).toEqual({ found: all.slice(0, 2), totalCount: 2, cacheHit: false });
      expect(await due(new Date(end(day + 1)))).toEqual({
        found: all.slice(0, 6),
        totalCount: 6,
        cacheHit: false,
      });
      for (const limit of [0, 1, 4, 9, 20]) {
        expect(await due(end(day + 5), limit)).toEqual({
          found: all.slice(0, limit),
          totalCount: 9,
          cacheHit: false,
        });
      }
      await judge(ids[1]!, 'D', day + 2);
      expect((await due(end(day + 5))).totalCount).toBe(8);
    });

    it('an outcome evaluates only the prediction with its whole key', async () => {
      const predictionId = uniqueName();
      const predictionHorizon = 105;
      const named = ['M', 'N'].flatMap((symbol) =>
        [0, 1].map((n) => predicted(symbol, { predictionId, timestamp: day + n, predictionHorizon })),
      );
      await write(named);
      await judge(predictionId, 'N', day + 1);
      const { data } = await backend().predictions.dueForEvaluation(predictionHorizon, day + DAY);
      expect(data.map((row) => [row.symbol, row.timestamp.getTime() - day])).toEqual([
        ['M', 0],
        ['N', 0],
        ['M', 1],
      ]);
    });

    it('dueForEvaluation returns exact prices when exact is set', async () => {
      const predictionHorizon = 103;
      const predictedPrice = '1234567890.12345678';
      await write([predicted(uniqueName(), { predictionHorizon, predictedPrice })]);
      const { predictions } = backend();
      expect(
        await summaryOfRejection(() => predictions.dueForEvaluation(predictionHorizon, day + DAY)),
      ).toEqual({
        code: 'QUERY',
      });
      const exact = await predictions.dueForEvaluation(predictionHorizon, day + DAY, { exact: true });
      expect(exact.data[0]?.predictedPrice).toBe(predictedPrice);
      expect(answer(await predictions.dueForEvaluation(104, day + DAY))).toEqual({
        data: [],
        totalCount: 0,
        cacheHit: false,
      });
    });

    it('a prediction with horizon 0 is due at once', async () => {
      await write([predicted(uniqueName(), { predictionHorizon: 0 })]);
      const due = async (now: number) => (await backend().predictions.dueForEvaluation(0, now)).totalCount;
      expect([await due(day - 1), await due(day)]).toEqual([0, 1]);
    });

    it('dueForEvaluation refuses an invalid horizon, instant or limit by name', async () => {
      const due = (horizon: unknown, now: unknown, limit?: unknown) =>
        summaryOfRejection(() =>
          backend().predictions.dueForEvaluation(untyped(horizon), untyped(now), {
            ...(limit !== undefined && { limit: untyped<number>(limit) }),
          }),
        );
      for (const horizon of [-1, 0.5, 2 ** 32, '60']) {
        expect(await due(horizon, day)).toEqual({ code: 'VALIDATION', field: 'horizonMinutes' });
      }
      for (const now of [new Date(NaN), 'now']) {
        expect(await due(60, now)).toEqual({ code: 'VALIDATION', field: 'now' });
      }
      expect(await due(60, day, -1)).toEqual({ code: 'VALIDATION', field: 'limit' });
    });
  });
}
