import { z } from 'zod';

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
