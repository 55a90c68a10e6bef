import { z } from 'zod';
import { recordCodec, withExactness } from './json.js';
import { marketData } from './market-data.js';
import type { MarketData } from './market-data.js';
import { prediction } from './prediction.js';
import { sentiment } from './sentiment.js';
import { absentFields } from '../testing/absent-fields.js';

const bar = {
  ...absentFields(marketData),
  symbol: '🚀',
  timestamp: new Date(-1),
  open: '-0.00000001',
  high: '9999999999.99999999',
  low: '0',
  close: '1.5',
  volume: '18446744073709551615.00000001',
  adjustedClose: '1.5',
  source: 'vendor',
  qualityScore: 0,
} as MarketData<true>;

describe('recordCodec', () => {
  it('recordCodec restores every row from JSON', () => {
    const codec = recordCodec(marketData);
    const text = JSON.stringify(z.encode(codec, bar));
    expect(JSON.parse(text)).toMatchObject({
      timestamp: '1969-12-31T23:59:59.999Z',
      high: '9999999999.99999999',
      volume: '18446744073709551615.00000001',
    });
    expect(codec.parse(JSON.parse(text))).toEqual(bar);
  });

  it('recordCodec keeps lists, maps, floats and hashes', () => {
    const predicted = {
      predictionId: 'p',
      symbol: 'A',
      timestamp: new Date(0),
      modelVersion: 'm',
      strategyName: 's',
      predictionHorizon: 60,
      predictedPrice: '1',
      confidence: Math.fround(0.1),
      marketRegime: 'bull',
      featuresUsed: ['a', ''],
      modelLatencyMs: 1,
      strategyParameters: { a: 1 / 3 },
    };
    const codec = recordCodec(prediction);
    expect(codec.parse(JSON.parse(JSON.stringify(z.encode(codec, predicted))))).toEqual(predicted);
    const news = recordCodec(sentiment).parse({
      symbol: 'A',
      timestamp: '2024-01-01T00:00:00.000Z',
      source: 's',
      sentimentScore: 0.1,
      confidence: 1,
      headline: '',
      contentHash: '18446744073709551615',
      relevanceScore: '0.5',
    });
    expect(news).toMatchObject({
      contentHash: 18_446_744_073_709_551_615n,
      sentimentScore: Math.fround(0.1),
      relevanceScore: 0.5,
    });
  });

  it('recordCodec refuses an invalid row and names the field', () => {
    const json = z.encode(recordCodec(marketData), bar) as object;
    const issues = recordCodec(marketData).safeParse({ ...json, high: '1e99', volume: '-1' }).error?.issues;
    expect(issues?.map(({ path }) => path.join('.'))).toEqual(['high', 'volume']);
    expect(recordCodec(marketData).safeParse({ ...json, close: undefined }).success).toBe(false);
  });

  it('recordCodec names each member that is unreadable, missing or unknown', () => {
    class Unreadable extends Date {
      override getTime(): number {
        throw new Error('unreadable');
      }
    }
    const encode = (value: object) =>
      z
        .safeEncode(recordCodec(marketData), value as MarketData<true>)
        .error?.issues.map(({ path, message }) => `${path.join('.')} ${message}`);
    expect(encode({ ...bar, timestamp: new Unreadable(0) })).toEqual(['timestamp cannot be read']);
    expect(encode({ ...bar, open: null, close: undefined })).toEqual([
      'open is required',
      'close is required',
    ]);
    expect(encode({ ...bar, opn: 1 })).toEqual([expect.stringMatching(/^opn /)]);
    expect(encode({ ...bar, opn: 1, timestamp: null })).toHaveLength(2);
  });
});

describe('withExactness', () => {
  it('withExactness returns numbers when they can hold the values', () => {
    expect(withExactness(marketData, bar, true)).toEqual(bar);
    const small = { ...bar, high: '2.25', volume: '5' };
    expect(withExactness(marketData, small, false)).toMatchObject({ high: 2.25, volume: 5, close: 1.5 });
    expect(() => withExactness(marketData, bar, false)).toThrow(expect.objectContaining({ code: 'QUERY' }));
  });
});
