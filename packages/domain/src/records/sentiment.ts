import type { InputOf, RecordDefinition, RecordOf } from './record.js';

/** The sentiment of one piece of news about one symbol. `contentHash` tells headlines of one instant apart. */
export const sentiment = {
  name: 'sentiment',
  table: 'sentiment_data',
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
  filters: ['source', 'contentHash'],
  groups: ['symbol', 'source'],
  measures: ['sentimentScore', 'confidence', 'relevanceScore'],
} as const satisfies RecordDefinition;

export type Sentiment<E extends boolean = false> = RecordOf<typeof sentiment, E>;
export type SentimentInput = InputOf<typeof sentiment>;
