import { SeededRandom } from '@quantumtrade/dal-runtime';
import { decodeSegment, encodeSegment, type SegmentEntry } from './segment.js';

const SEED = Number(process.env['QT_SEED'] ?? 1);
const RUNS = Number(process.env['QT_RUNS'] ?? 500);
const KEY = 'archive/w/0000000007.segment';
const header = { writer: 'w', sequence: 7, previous: 'ab', damagedRanges: 1 };

const entry = (n: number): SegmentEntry => ({
  head: {
    record: 'marketData',
    id: `block ${n}`,
    rowCount: n,
    begunAt: 1,
    storedAt: 3,
    acknowledgedAt: 2,
    ...(n === 2 && { piece: { index: 0, count: 2 } }),
  },
  body: Uint8Array.from({ length: 10 * n }, (_, i) => i),
});

it('decodes what was encoded', () => {
  const entries = [1, 0, 2].map(entry);
  const { bytes, hash } = encodeSegment(header, entries);
  const decoded = decodeSegment(KEY, bytes);
  expect({ ...decoded, entries: [] }).toEqual({ ...header, hash, bytes, entries: [] });
  expect(decoded.entries.map(({ head, body }) => ({ head, body: Uint8Array.from(body) }))).toEqual(entries);
});

it('refuses a segment with any byte changed or its end missing', () => {
  const random = new SeededRandom(SEED);
  const below = (limit: number) => Math.floor(random.next() * limit);
  const { bytes } = encodeSegment(header, [1, 2, 3].map(entry));
  for (let run = 0; run < RUNS; run++) {
    const flipped = Uint8Array.from(bytes);
    flipped[below(bytes.length)]! ^= 1 + below(255);
    const cut = bytes.subarray(0, below(bytes.length));
    for (const object of [flipped, cut]) expect(() => decodeSegment(KEY, object)).toThrow(KEY);
  }
});

it('refuses an unknown format', () => {
  const { bytes } = encodeSegment(header, []);
  const changed = Buffer.from(bytes.subarray(0, -32).toString().replace('"format":1', '"format":9'));
  expect(() => decodeSegment(KEY, changed)).toThrow('is damaged');
});
