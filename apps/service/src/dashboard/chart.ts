import type { DatabaseAbstraction } from '@quantumtrade/dal';
import type { CallOptions } from '@quantumtrade/dal-domain';
import type { ChartQuery } from './queries.js';

const CANDLES = 300;
const MAX_SETS = 5_000;
const MAX_PREDICTIONS = 5_000;
const MINUTE_MS = 60_000;

/** Reads the newest candles of a symbol from one source, with its features and predictions of the same range. */
export async function readChart(database: DatabaseAbstraction, query: ChartQuery, call: CallOptions) {
  const { symbol, interval } = query;
  const [sources, latest] = await Promise.all([
    database.getAggregatedData({ symbol, groupBy: ['source'] }, call),
    query.endTime ??
      database.getLatestMarketData(symbol, 1, call).then(({ data: [bar] }) => bar?.timestamp.getTime()),
  ]);
  const names = sources.data.sort((a, b) => b.count - a.count).map(({ group }) => group.source!);
  const source = query.source ?? names[0];
  if (source === undefined || latest === undefined) {
    return { symbol, interval, source: null, sources: names, candles: [], features: {}, predictions: {} };
  }
  const endTime = query.endTime ?? latest + 1;
  const startTime = startOf(endTime, interval);
  const range = { symbol, startTime, endTime };
  const [bars, sets, predicted] = await Promise.all([
    database.getAggregatedData({ ...range, interval, filters: { source } }, call),
    database.getFeatures({ ...range, limit: MAX_SETS, count: false }, call),
    database.predictions.find(
      {
        ...range,
        limit: MAX_PREDICTIONS,
        count: false,
        select: ['timestamp', 'predictionHorizon', 'predictedPrice', 'strategyName'],
      },
      call,
    ),
  ]);
  const features: Record<string, { time: number; value: number }[]> = {};
  for (const set of sets.data) {
    for (const [name, value] of Object.entries(set.features)) {
      (features[name] ??= []).push({ time: set.timestamp.getTime(), value });
    }
  }
  const predictions: Record<string, { time: number; price: number }[]> = {};
  for (const { strategyName, timestamp, predictionHorizon, predictedPrice } of predicted.data) {
    // A prediction stands at the time that it is about.
    const time = timestamp.getTime() + predictionHorizon * MINUTE_MS;
    (predictions[strategyName] ??= []).push({ time, price: predictedPrice });
  }
  const candles = bars.data.map(({ intervalStart, count, bar }) => {
    const { open, high, low, close, volume } = bar!;
    return { time: intervalStart!.getTime(), open, high, low, close, volume, bars: count };
  });
  return {
    symbol,
    interval,
    source,
    sources: names,
    candles: candles.slice(-CANDLES),
    features,
    predictions,
  };
}

const DAYS_OF_SESSIONS = 1.6;

/** Returns a start before which no shown candle lies, trading days and nights without bars included. */
function startOf(endTime: number, interval: ChartQuery['interval']): number {
  const MS: Readonly<Record<ChartQuery['interval'], number>> = {
    '1m': MINUTE_MS,
    '5m': 5 * MINUTE_MS,
    '15m': 15 * MINUTE_MS,
    '1h': 60 * MINUTE_MS,
    '4h': 240 * MINUTE_MS,
    '1d': 1_440 * MINUTE_MS,
    '1w': 7 * 1_440 * MINUTE_MS,
    '1mo': 31 * 1_440 * MINUTE_MS,
  };
  const DAY_MS = 1_440 * MINUTE_MS;
  const start = endTime - Math.max(CANDLES * MS[interval] * DAYS_OF_SESSIONS, 4 * DAY_MS);
  return Math.floor(start / MS[interval]) * MS[interval];
}
