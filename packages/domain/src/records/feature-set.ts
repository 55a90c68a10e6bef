import { feature } from './feature.js';
import { Invalid, isPlainMap } from './field.js';
import type { JsonMember } from './json.js';
import { memberOf, objectCodec } from './json.js';
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

const { symbol, timestamp, featureVersion, calculationTimeMs } = feature.fields;

const metadata: JsonMember = { decode: textsByName, encode: textsByName };

export const featureSetCodec = objectCodec<FeatureSet>({
  symbol: memberOf(symbol),
  timestamp: memberOf(timestamp),
  version: memberOf(featureVersion),
  features: memberOf({ kind: 'numbers' }),
  metadata,
  calculationTimeMs: memberOf(calculationTimeMs),
});

function textsByName(value: unknown): Record<string, string> | Invalid {
  if (!isPlainMap(value)) return new Invalid('must be a map of strings');
  for (const name in value)
    if (typeof value[name] !== 'string') return new Invalid('must be a map of strings');
  return { ...(value as Record<string, string>) };
}

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
