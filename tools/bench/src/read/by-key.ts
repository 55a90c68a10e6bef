import type { Batch } from '@quantumtrade/dal-domain';
import { anyOf } from '../random.js';
import { barSymbols } from '../write/bars.js';
import type { ReadCase } from './case.js';
import { manyCallers } from './many-callers.js';
import { oneCaller, requireRows } from './one-caller.js';
import type { RawQuery } from './raw.js';
import { rawRows } from './raw.js';
import type { ReadDatabase } from './tables.js';

const SYMBOLS = barSymbols(200);
const FEATURES = Array.from({ length: 20 }, (_, n) => `feature_${n}`);
const START_MS = Date.UTC(2024, 1, 1);
const MINUTE_MS = 60_000;
const BATCH = 20_000;
const DRAWN = 1 << 16;

/** Reads one prediction by its id and the latest features of a symbol, uncached. */
export const byKey: ReadCase = async function* (context) {
  const { tables, scale } = context;
  const predictions = await tables.ofRecord('predictions', predictionBatches(scale.predictions));
  const ids = anyOf([...Array(scale.predictions).keys()], DRAWN).map(predictionId);
  yield* compare(
    'prediction by id',
    predictions,
    `${scale.predictions.toLocaleString('en-US')} predictions`,
    ids,
    {
      ours: async (id) => {
        const found = await predictions.backend.predictions.findById(id);
        if (found?.predictionId !== id) throw new Error(`prediction ${id} was not found`);
      },
      query: 'SELECT * FROM predictions WHERE prediction_id = {key:String} LIMIT 1',
      rows: 1,
    },
  );
  const features = await tables.ofRecord('features', featureBatches(scale.featureSets));
  const note = `${scale.featureSets} sets of 20 features for each of 200 symbols`;
  yield* compare('latest features', features, note, anyOf(SYMBOLS, DRAWN), {
    ours: async (symbol) => {
      const set = await features.backend.features.latest(symbol);
      requireRows(Object.keys(set?.features ?? {}), FEATURES.length);
    },
    query: `SELECT * FROM features WHERE symbol = {key:String} ORDER BY timestamp DESC LIMIT ${FEATURES.length}`,
    rows: FEATURES.length,
  });

  async function* compare(
    title: string,
    { raw }: ReadDatabase,
    note: string,
    keys: readonly string[],
    { ours, query, rows }: { ours: (key: string) => Promise<void>; query: string; rows: number },
  ) {
    const plain = async (key: string) => {
      const plainQuery: RawQuery = { query, query_params: { key } };
      requireRows(await rawRows(raw, plainQuery), rows);
    };
    const sides = {
      ours: (n: number) => ours(keys[n % DRAWN]!),
      '@clickhouse/client json()': (n: number) => plain(keys[n % DRAWN]!),
    };
    yield* oneCaller(context, `${title}, uncached, one caller`, note, sides);
    yield* manyCallers(context, `${title}, uncached`, note, sides);
  }
};

const predictionId = (n: number) => `prediction-${n}`;

function* predictionBatches(count: number): Generator<Batch<'predictions'>> {
  for (let first = 0; first < count; first += BATCH) {
    const length = Math.min(BATCH, count - first);
    const predictions = Array.from({ length }, (_, i) => first + i).map((n) => ({
      predictionId: predictionId(n),
      symbol: SYMBOLS[n % SYMBOLS.length]!,
      timestamp: START_MS + Math.floor(n / SYMBOLS.length) * MINUTE_MS,
      predictionHorizon: 60,
      predictedPrice: 100 + (n % 1_000) / 100,
      confidence: 0.5,
      marketRegime: 'calm',
      featuresUsed: FEATURES.slice(0, 3),
      modelLatencyMs: 5,
      strategyParameters: { window: 20 },
    }));
    yield { modelVersion: 'model-1', strategy: 'momentum', predictions };
  }
}

function* featureBatches(sets: number): Generator<Batch<'features'>> {
  for (let set = 0; set < sets; set++) {
    yield SYMBOLS.map((symbol, s) => ({
      symbol,
      timestamp: START_MS + set * MINUTE_MS,
      features: Object.fromEntries(FEATURES.map((name, f) => [name, (set + s + f) / 7])),
      version: 1,
    }));
  }
}
