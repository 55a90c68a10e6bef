import { z } from 'zod';
import type { Row } from './record.js';

/** All features of one symbol with the same instant and version. */
export interface FeatureSet {
  symbol: string;
  /** The instant that the features describe. */
  timestamp: Date;
  version: number;
  features: Record<string, number>;
  metadata: Record<string, string>;
  /** The longest calculation among the set's features, in milliseconds. */
  calculationTimeMs: number;
}

export const featureSetCodec: z.ZodType<FeatureSet> = z.object({
  symbol: z.string(),
  timestamp: z.codec(z.iso.datetime(), z.date(), {
    decode: (text) => new Date(text),
    encode: (date) => date.toISOString(),
  }),
  version: z.int(),
  features: z.record(z.string(), z.number()),
  metadata: z.record(z.string(), z.string()),
  calculationTimeMs: z.int(),
});

/** The set that these rows make: all of one symbol, instant and version, in order of feature name. */
export function featureSetOf(rows: readonly Row[]): FeatureSet {
  const first = rows[0]!;
  const metadata = rows.flatMap((row) =>
    Object.entries(JSON.parse(row['featureMetadata'] as string) as Record<string, string>),
  );
  return {
    symbol: first['symbol'] as string,
    timestamp: new Date(first['timestamp'] as number),
    version: first['featureVersion'] as number,
    features: Object.fromEntries(rows.map((row) => [row['featureName'], row['featureValue'] as number])),
    metadata: Object.fromEntries(metadata),
    calculationTimeMs: Math.max(...rows.map((row) => row['calculationTimeMs'] as number)),
  };
}
