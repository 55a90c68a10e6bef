import type { BatchOf, InputOf, RecordDefinition, RecordOf } from './definition.js';

/** Sentiment of one piece of news about one symbol. `contentHash` distinguishes headlines of one instant. */
export const sentiment = {
  name: 'sentiment',
  table: 'sentiment_data',
  since: 2,
  fields: {
    symbol: { kind: 'symbol' },
    timestamp: { kind: 'instant' },
    source: { kind: 'label' },
    sentimentScore: { kind: 'float32', min: -1, max: 1 },
    confidence: { kind: 'float32', min: 0, max: 1 },
    headline: { kind: 'text' },
    contentHash: { kind: 'uint64', read: 'bigint' },
    relevanceScore: { kind: 'float32', min: 0, max: 1 },
  },
  key: ['symbol', 'timestamp', 'source', 'contentHash'],
  versioning: 'upsert',
  batch: { form: 'rows', rows: 'records', labels: { source: 'source' } },
  cacheKeys: [],
  filters: ['source', 'contentHash'],
  aggregate: {
    groups: ['symbol', 'source'],
    measures: ['sentimentScore', 'confidence', 'relevanceScore'],
  },
  latest: { by: 'symbol', returns: 'rows' },
} as const satisfies RecordDefinition;

export type Sentiment<E extends boolean = false> = RecordOf<typeof sentiment, E>;
export type SentimentInput = InputOf<typeof sentiment>;
/** News sentiment of one source. */
export type SentimentBatch = BatchOf<typeof sentiment>;
