import { expect } from '@jest/globals';
import fc from 'fast-check';
import { copyBatch } from './copy-batch.js';

const bar = () => ({
  symbol: 'A',
  timestamp: new Date(5),
  open: 1,
  high: '2.5',
  low: 1,
  close: 1,
  volume: 10n,
  adjustedClose: 1,
  qualityScore: 1,
});

const copyOf = (batch: unknown, record: 'marketData' | 'features' = 'marketData') =>
  copyBatch(record, batch as never) as unknown;

/** Changes a value in place wherever possible. */
function spoil(value: unknown): void {
  if (value instanceof Date) value.setTime(999);
  else if (ArrayBuffer.isView(value)) new Uint8Array(value.buffer).fill(7);
  else if (typeof value === 'object' && value !== null) {
    for (const [name, item] of Object.entries(value)) {
      spoil(item);
      (value as Record<string, unknown>)[name] = 'spoiled';
    }
  }
}

// Invalid dates are equal, too.
expect.addEqualityTesters([
  (a, b) => (a instanceof Date && b instanceof Date ? Object.is(a.getTime(), b.getTime()) : undefined),
]);

describe('the copy of a batch', () => {
  it.each<[string, () => unknown]>([
    ['rows', () => ({ source: 's', records: [bar(), null, 7, bar()], timestamp: new Date(3) })],
    ['lists and maps', () => ({ records: [{ parameters: { a: 1 }, tags: ['x', 'y'] }] })],
    [
      'features',
      () => [{ symbol: 'A', timestamp: new Date(1), features: { f: 1 }, metadata: { m: 'x' }, version: 1 }],
    ],
    [
      'columns',
      () => ({
        columns: {
          timestamp: [new Date(1), 2],
          close: Float64Array.of(1, 2),
          volume: BigInt64Array.of(1n, 2n),
          symbol: { dictionary: ['A', 'B'], positions: Uint8Array.of(0, 1) },
        },
        constants: { timestamp: new Date(1) },
      }),
    ],
  ])('copyBatch returns a copy independent of the original: %s', (_, make) => {
    const original = make();
    const copy = copyOf(original);
    expect(copy).toStrictEqual(make());
    spoil(original);
    expect(copy).toStrictEqual(make());
  });

  it('copyBatch returns an equal copy of any object', () => {
    fc.assert(
      fc.property(fc.array(fc.object({ withDate: true, withTypedArray: true })), (records) => {
        expect(copyOf({ records })).toEqual({ records });
      }),
      { numRuns: 30 },
    );
  });

  it('copyBatch keeps holes, prototypes, inherited fields and throwing getters', () => {
    class Bar {
      readonly #close = 4;
      symbol = 'A';
      get close() {
        return this.#close;
      }
      get open(): number {
        throw new Error('no open');
      }
    }
    const records = [new Bar(), Object.create(null)];
    records[3] = Object.defineProperty({ symbol: 'B' }, 'close', {
      enumerable: true,
      get() {
        throw new Error('no close');
      },
    });
    const { records: copied } = copyOf({ records }) as { records: Bar[] };
    expect(copied).toHaveLength(4);
    expect(2 in copied).toBe(false);
    expect(copied[0]).toBeInstanceOf(Bar);
    expect(copied[0]!.close).toBe(4);
    expect(Object.keys(copied[0]!)).toEqual(['symbol']);
    expect(() => copied[0]!.open).toThrow('no open');
    expect(Object.getPrototypeOf(copied[1])).toBe(null);
    expect(() => copied[3]!.close).toThrow('no close');
  });
});
