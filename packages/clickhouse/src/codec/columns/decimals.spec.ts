import { randomInt } from 'node:crypto';
import type { DecimalField } from '@quantumtrade/dal-domain';
import { toCanonicalField, Invalid } from '@quantumtrade/dal-domain';
import fc from 'fast-check';
import type { ColumnWriter } from './column-writer.js';
import { createColumnWriter } from '../kinds.js';

const FIELDS: readonly (readonly [string, DecimalField, bytes: number])[] = [
  ['18 digits', { kind: 'decimal' }, 8],
  ['38 digits', { kind: 'decimal', precision: 38 }, 16],
  ['38 digits, not negative', { kind: 'decimal', precision: 38, min: 0 }, 16],
];

const seed = randomInt(2 ** 31);
/** Values of each kind. */
const numRuns = Number(process.env['QT_VALUES'] ?? 2_000);

/** Numbers of all magnitudes, many of them on or next to the decimals where rounding turns and where limits are. */
function* numbers(count: number): Generator<number> {
  let state = seed;
  const random = () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
  for (let i = 0; i < count; i++) {
    const sign = random() < 0.5 ? -1 : 1;
    const magnitude = 10 ** (random() * 20 - 9);
    yield sign * magnitude * random();
    const digits = 10 ** Math.floor(random() * 9);
    const grid = Math.round(magnitude * digits) / digits;
    yield sign * grid;
    const half = (Math.floor(random() * 2 ** Math.floor(random() * 52)) + 0.5) / 1e8;
    yield sign * half;
    yield sign * half * (1 + 2 ** -52);
    yield sign * half * (1 - 2 ** -53);
    const limit = [1e-8, 1e10, 2 ** 53, 2 ** 52, 90_071_992, 1e30][Math.floor(random() * 6)]!;
    yield sign * limit * (1 + (Math.floor(random() * 7) - 3) * 2 ** -53);
    yield sign * Math.floor(random() * 2 ** Math.floor(random() * 54));
  }
}

describe.each(FIELDS)('a column of decimals of %s', (_, field, bytes) => {
  const column: ColumnWriter = createColumnWriter(field);
  column.reserve(1);
  const stored = Buffer.alloc(bytes);

  /** The units that were written, or why nothing was. */
  function written(value: unknown): bigint | string {
    const reason = column.put(value, 0);
    if (reason !== undefined) return reason;
    column.writeTo(stored, 0, 1);
    const high = stored.readBigInt64LE(bytes - 8);
    return bytes === 8 ? high : (high << 64n) + stored.readBigUInt64LE();
  }

  function judged(value: unknown): unknown {
    const canonical = toCanonicalField(field, value);
    return canonical instanceof Invalid ? canonical.reason : canonical;
  }

  it('writes every number as the domain parses it', () => {
    for (const value of numbers(2 * numRuns)) {
      if (written(value) !== judged(value)) {
        throw new Error(`seed ${seed}: ${value} became ${written(value)} and not ${String(judged(value))}`);
      }
    }
  }, 120_000);

  it('writes doubles of any bits as the domain parses them', () => {
    fc.assert(
      fc.property(fc.double(), (value) => {
        expect(written(value)).toBe(judged(value));
      }),
      { seed, numRuns },
    );
  });

  it('writes bigints as the domain parses them', () => {
    const bits = fc
      .integer({ min: 1, max: 130 })
      .chain((width) => fc.bigInt({ min: -(2n ** BigInt(width)), max: 2n ** BigInt(width) }));
    fc.assert(
      fc.property(bits, (value) => {
        expect(written(value)).toBe(judged(value));
      }),
      { seed, numRuns },
    );
  });

  it('writes every decimal string as the domain parses it', () => {
    const digits = fc.string({ unit: fc.constantFrom(...'0123456789'), maxLength: 19 });
    const sign = fc.constantFrom('', '', '-', '+', '--', ' ');
    const tail = fc.constantFrom('', '', '', 'e2', 'E-3', '.', '\n', 'x', 'e1000', '0'.repeat(30));
    fc.assert(
      fc.property(sign, digits, fc.constantFrom('', '.'), digits, tail, (...parts) => {
        const text = parts.join('');
        expect(written(text)).toBe(judged(text));
      }),
      { seed, numRuns },
    );
  });

  it('refuses texts of megabytes without reading them', () => {
    expect(written('9'.repeat(10_000_000))).toBe('must have at most 1000 characters');
  });
});
