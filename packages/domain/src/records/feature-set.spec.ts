import fc from 'fast-check';
import { z } from 'zod';
import type { FeatureSet } from './feature-set.js';
import { featureSetCodec, featureSetOf, textOfUsualSet } from './feature-set.js';
import { codePoint } from '../testing/code-point.js';

const set: FeatureSet = {
  symbol: 'AAPL',
  timestamp: new Date(Date.UTC(2024, 0, 2)),
  version: 3,
  features: { rsi_14: 55.5, zero: 0 },
  metadata: { unit: 'percent' },
  featureMetadata: { rsi_14: { unit: 'percent' } },
  calculationTimeMs: 0,
};

const number = fc.oneof(
  fc.double(),
  fc.integer(),
  fc.constantFrom(-0, NaN, Infinity, 0, 0xffff, 0x10000, 2 ** 32),
);
const text = fc.oneof(
  fc.string(),
  fc.string({ unit: codePoint }),
  fc.constantFrom('\ud800', '__proto__', 'AAPL'),
);
const texts = fc.oneof(
  fc.dictionary(text, text),
  fc.constantFrom({ a: 1 }, null, [], new Map(), { a: undefined }),
);
const members = {
  symbol: fc.oneof(text, fc.constantFrom('A B', 'A'.repeat(65), 1, null)),
  timestamp: fc.oneof(fc.date({ noInvalidDate: false }), fc.integer()),
  version: number,
  features: fc.oneof(
    fc.dictionary(text, number),
    fc.constantFrom({ a: '1' }, null, new Map(), new (class A {})()),
  ),
  metadata: texts,
  featureMetadata: fc.oneof(fc.dictionary(text, texts), fc.constantFrom(null, { a: 'b' })),
  calculationTimeMs: number,
};

function textOfCodec(value: unknown): string | undefined {
  const encoded = z.safeEncode(featureSetCodec, value as FeatureSet);
  return encoded.success ? JSON.stringify(encoded.data) : undefined;
}

function textOf(value: unknown): string | undefined {
  try {
    return textOfUsualSet(value as FeatureSet);
  } catch {
    return undefined;
  }
}

describe('textOfUsualSet', () => {
  it('textOfUsualSet returns what the codec gives for a usual set', () => {
    expect(textOfUsualSet(set)).toBe(textOfCodec(set));
    expect(textOfUsualSet(set)).toContain('"AAPL"');
  });

  it('textOfUsualSet never differs from the codec, whatever the members', () => {
    const changed = fc.record(members, { requiredKeys: [] }).map((changes) => ({ ...set, ...changes }));
    fc.assert(
      fc.property(changed, (value) => {
        const fast = textOf(value);
        if (fast !== undefined) expect(fast).toBe(textOfCodec(value));
      }),
      { numRuns: 2_000 },
    );
  });

  it.each([
    ['a member too many', { ...set, other: 1 }],
    ['not a number', { ...set, features: { a: NaN } }],
    ['minus zero', { ...set, features: { a: -0 } }],
    ['an ill-formed name', { ...set, features: { '\ud800': 1 } }],
    ['a symbol with a blank', { ...set, symbol: 'A ' }],
    ['a version above 65,535', { ...set, version: 0x10000 }],
    ['an invalid date', { ...set, timestamp: new Date(NaN) }],
    ['metadata with a number', { ...set, featureMetadata: { a: { b: 1 } } }],
  ])('textOfUsualSet leaves %s to the codec', (_, value) => {
    expect(textOfUsualSet(value as unknown as FeatureSet)).toBeUndefined();
  });
});

describe('featureSetOf', () => {
  it('featureSetOf merges metadata, without names with two values', () => {
    const row = (featureName: string, featureMetadata: string, calculationTimeMs: number) => ({
      symbol: 'A',
      timestamp: 0,
      featureName,
      featureValue: 1,
      featureMetadata,
      featureVersion: 1,
      calculationTimeMs,
    });
    const rows = [row('a', '{"u":"x","v":"1"}', 2), row('b', '{}', 5), row('c', '{"u":"y","v":"1"}', 3)];
    expect(featureSetOf(rows)).toEqual({
      symbol: 'A',
      timestamp: new Date(0),
      version: 1,
      features: { a: 1, b: 1, c: 1 },
      metadata: { v: '1' },
      featureMetadata: { a: { u: 'x', v: '1' }, c: { u: 'y', v: '1' } },
      calculationTimeMs: 5,
    });
  });
});
