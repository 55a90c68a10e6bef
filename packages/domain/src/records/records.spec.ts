import { placeholdersOf } from '../keyspaces/keys.js';
import { keyspaces } from '../keyspaces/keyspaces.js';
import type { AggregateDefinition, RecordDefinition } from './definition.js';
import type { RecordName } from './records.js';
import { records } from './records.js';
import { columnOf } from './row.js';

const definitions = Object.entries<RecordDefinition>(records);

/** Returns every field that a definition names outside `fields`. */
function namedFields({ key, filters, aggregate, latest, evaluate, batch, cacheKeys }: RecordDefinition) {
  const ofBatch =
    batch.form === 'rows'
      ? [
          ...Object.keys(batch.labels),
          ...(batch.derivedId ? [batch.derivedId.field, ...batch.derivedId.from] : []),
        ]
      : [...Object.keys(batch.members), batch.entries.name, batch.entries.value];
  const placeholders = cacheKeys.flatMap((pattern) => placeholdersOf(pattern));
  return [
    ...[...key, ...filters, ...ofBatch, ...placeholders],
    ...[...(aggregate?.groups ?? []), ...(aggregate?.measures ?? [])],
    ...[latest?.by, evaluate?.horizon].filter((name) => name !== undefined),
  ];
}

it.each(definitions)('registers %s under its own name', (name, definition) => {
  expect(definition.name).toBe(name);
});

it.each(definitions)('%s names only its own fields', (_, definition) => {
  for (const name of namedFields(definition)) expect(definition.fields).toHaveProperty(name);
});

it.each(definitions)('%s has a timestamp in its key and distinct columns', (_, { key, fields }) => {
  const names = Object.keys(fields);
  expect(key).toContain('timestamp');
  expect(new Set(names.map(columnOf)).size).toBe(names.length);
});

it.each(definitions)('%s has cache keys of known keyspaces', (_, { batch, cacheKeys }) => {
  const patterns = Object.values(keyspaces).map(({ pattern }) => pattern as string);
  for (const pattern of cacheKeys) expect(patterns).toContain(pattern);
  const fields = cacheKeys.map((pattern) => placeholdersOf(pattern));
  expect(new Set(fields.flat()).size).toBeLessThanOrEqual(2);
  for (const [lead, detail] of fields) {
    expect(lead).toBe(fields[0]![0]);
    if (batch.form === 'rows') expect(Object.keys(batch.labels)).not.toContain(lead);
    else if (detail !== undefined) expect(detail).toBe(batch.entries.name);
  }
});

it('evaluation links refer to registered records', () => {
  for (const [, { evaluate }] of definitions) if (evaluate) expect(records).toHaveProperty(evaluate.outcomes);
});

it('keeps the migration that created the table of each specified record', () => {
  const since = Object.fromEntries(definitions.map(([name, definition]) => [name, definition.since]));
  expect(since).toMatchObject({
    ...{ marketData: 1, sentiment: 2, features: 3, predictions: 4, outcomes: 5, strategyPerformance: 6 },
  });
});

/** Groups and measures that the specification asks for, the defaults first. Records may have more. */
const SPECIFIED: Readonly<Record<string, AggregateDefinition>> = {
  marketData: {
    groups: ['symbol', 'source'],
    measures: ['close', 'open', 'high', 'low', 'adjustedClose', 'volume', 'qualityScore'],
    bars: true,
  },
  sentiment: {
    groups: ['symbol', 'source'],
    measures: ['sentimentScore', 'confidence', 'relevanceScore'],
  },
  features: {
    groups: ['symbol', 'featureName'],
    measures: ['featureValue', 'calculationTimeMs'],
  },
  predictions: {
    groups: ['symbol', 'strategyName', 'marketRegime', 'modelVersion'],
    measures: ['predictedPrice', 'confidence', 'modelLatencyMs', 'predictionHorizon'],
  },
  outcomes: {
    groups: ['symbol', 'strategyName', 'marketRegime'],
    measures: ['profitLoss', 'accuracyScore', 'actualPrice', 'predictedPrice'],
  },
  strategyPerformance: {
    groups: ['strategyName', 'marketRegime'],
    measures: ['profitLoss', 'accuracyRate', 'sharpeRatio', 'maxDrawdown', 'totalTrades', 'winRate'],
  },
};

it.each(Object.entries(SPECIFIED))('%s has the specified groups and measures', (name, specified) => {
  const { aggregate }: RecordDefinition = records[name as RecordName];
  const { groups, measures, ...rest } = aggregate!;
  expect(groups.filter((field) => specified.groups.includes(field))).toEqual(specified.groups);
  expect(measures.filter((field) => specified.measures.includes(field))).toEqual(specified.measures);
  expect({ groups: [groups[0]], measures: [measures[0]], ...rest }).toEqual({
    ...specified,
    ...{ groups: [specified.groups[0]], measures: [specified.measures[0]] },
  });
});
