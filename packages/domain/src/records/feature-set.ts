import { feature } from './feature.js';
import { isPlainMap } from '../arguments.js';
import { Invalid } from './kinds/kind.js';
import { MAX_INSTANT, MIN_INSTANT } from './kinds/number.js';
import { parseMetadata, USUAL_SYMBOL } from './kinds/text.js';
import type { Row } from './row.js';
import type { JsonMember } from './json.js';
import { memberOf, objectCodec } from './json.js';

/** All features of one symbol with the same instant and version. */
export interface FeatureSet {
  symbol: string;
  /** Instant that the features describe. */
  timestamp: Date;
  version: number;
  features: Record<string, number>;
  /** Merged metadata of the features, without entries on which two of them differ. */
  metadata: Record<string, string>;
  /**
   * Metadata by feature name. Stored text that is no JSON object of strings, which
   * other programs may have written, is returned unchanged under the name `$text`.
   */
  featureMetadata: Record<string, Record<string, string>>;
  /** Longest calculation time of the set's features, in milliseconds. */
  calculationTimeMs: number;
}

const { symbol, timestamp, featureVersion, calculationTimeMs } = feature.fields;

const metadata: JsonMember = { decode: textsByName, encode: textsByName };
const featureMetadata: JsonMember = { decode: textsByFeature, encode: textsByFeature };

export const featureSetCodec = objectCodec<FeatureSet>({
  symbol: memberOf(symbol),
  timestamp: memberOf(timestamp),
  version: memberOf(featureVersion),
  features: memberOf({ kind: 'numbers' }),
  metadata,
  featureMetadata,
  calculationTimeMs: memberOf(calculationTimeMs),
});

function textsByName(value: unknown): Record<string, string> | Invalid {
  if (!isPlainMap(value)) return new Invalid('must be a map of strings');
  for (const name in value)
    if (typeof value[name] !== 'string') return new Invalid('must be a map of strings');
  return { ...(value as Record<string, string>) };
}

function textsByFeature(value: unknown): Record<string, Record<string, string>> | Invalid {
  if (!isPlainMap(value)) return new Invalid('must be a map of maps of strings');
  const entries: [string, Record<string, string>][] = [];
  for (const [feature, given] of Object.entries(value)) {
    const texts = textsByName(given);
    if (texts instanceof Invalid) return new Invalid(`${JSON.stringify(feature)} ${texts.reason}`);
    entries.push([feature, texts]);
  }
  return Object.fromEntries(entries);
}

const MEMBERS = 7;
const UINT16_MAX = 0xffff;
const UINT32_MAX = 0xffffffff;

/**
 * Returns the JSON text of a set; undefined for a set with any unusual member, which the codec may refuse. A store returns usual
 * sets alone, and the codec takes many times as long to check one.
 */
export function textOfUsualSet(set: FeatureSet): string | undefined {
  const { symbol, timestamp, version, features, metadata, featureMetadata, calculationTimeMs } = set;
  const instant = timestamp instanceof Date ? timestamp.getTime() : NaN;
  if (!(instant >= MIN_INSTANT && instant <= MAX_INSTANT)) return undefined;
  if (Object.keys(set).length !== MEMBERS || typeof symbol !== 'string' || !USUAL_SYMBOL.test(symbol))
    return undefined;
  if (!Number.isInteger(version) || !(version > 0 && version <= UINT16_MAX)) return undefined;
  const isUint32 = Number.isInteger(calculationTimeMs) && calculationTimeMs <= UINT32_MAX;
  if (!isUint32 || !(calculationTimeMs > 0 || Object.is(calculationTimeMs, 0))) return undefined;
  if (Object.getPrototypeOf(features) !== Object.prototype) return undefined;
  for (const name in features) {
    const value = features[name]!;
    if (!Number.isFinite(value) || Object.is(value, -0) || !name.isWellFormed()) return undefined;
  }
  if (Object.getPrototypeOf(featureMetadata) !== Object.prototype) return undefined;
  for (const texts of [metadata, ...Object.values(featureMetadata)]) {
    if (Object.getPrototypeOf(texts) !== Object.prototype) return undefined;
    for (const name in texts) if (typeof texts[name] !== 'string') return undefined;
  }
  const members = { symbol, timestamp: new Date(instant).toISOString(), version, features };
  return JSON.stringify({ ...members, metadata, featureMetadata, calculationTimeMs });
}

const UNREADABLE = '$text';
const NO_METADATA = '{}';

/** Returns the set of these rows, which have one symbol, instant and version, in order of feature name. */
export function featureSetOf(rows: readonly Row[]): FeatureSet {
  const first = rows[0]!;
  const texts = new Map<string, Record<string, string>>();
  const own: [string, Record<string, string>][] = [];
  const features: [string, number][] = [];
  let calculationTimeMs = 0;
  for (const row of rows) {
    const text = row['featureMetadata'] as string;
    features.push([row['featureName'] as string, row['featureValue'] as number]);
    calculationTimeMs = Math.max(calculationTimeMs, row['calculationTimeMs'] as number);
    if (text === NO_METADATA) continue;
    let parsed = texts.get(text);
    if (!parsed) texts.set(text, (parsed = parseMetadata(text) ?? { [UNREADABLE]: text }));
    if (Object.keys(parsed).length > 0) own.push([row['featureName'] as string, { ...parsed }]);
  }
  return {
    symbol: first['symbol'] as string,
    timestamp: new Date(first['timestamp'] as number),
    version: first['featureVersion'] as number,
    features: Object.fromEntries(features),
    metadata: texts.size === 0 ? {} : agreed([...texts.values()]),
    featureMetadata: Object.fromEntries(own),
    calculationTimeMs,
  };
}

/** Returns the entries of all maps, without names that have different values. */
function agreed(maps: readonly Readonly<Record<string, string>>[]): Record<string, string> {
  const values = new Map<string, string | undefined>();
  for (const map of maps) {
    for (const [name, value] of Object.entries(map)) {
      values.set(name, values.has(name) && values.get(name) !== value ? undefined : value);
    }
  }
  return Object.fromEntries([...values].filter((entry): entry is [string, string] => entry[1] !== undefined));
}
