import { randomInt } from 'node:crypto';
import { parseDecimal } from '@quantumtrade/dal-domain';
import fc from 'fast-check';
import { DecimalWriter } from './decimals.js';

const column = new DecimalWriter({ kind: 'decimal' });
column.reserve(1);
const stored = Buffer.alloc(8);

/** The units that were written, or why nothing was. */
function written(value: unknown): bigint | string {
  const reason = column.put(value, 0);
  if (reason !== undefined) return reason;
  column.writeTo(stored, 0, 1);
  return stored.readBigInt64LE();
}

const seed = randomInt(2 ** 31);

/** Numbers of all magnitudes, many of them on or next to the decimals where rounding turns. */
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
  }
}

it('writes every number as the domain parses it', () => {
  for (const value of numbers(300_000)) {
    if (written(value) !== parseDecimal(value)) {
      throw new Error(`seed ${seed}: ${value} became ${written(value)} and not ${parseDecimal(value)}`);
    }
  }
}, 120_000);

it('writes doubles of any bits as the domain parses them', () => {
  fc.assert(
    fc.property(fc.double(), (value) => {
      expect(written(value)).toBe(parseDecimal(value));
    }),
    { seed, numRuns: 20_000 },
  );
});

it('writes every decimal string as the domain parses it', () => {
  const digits = fc.string({ unit: fc.constantFrom(...'0123456789'), maxLength: 19 });
  const sign = fc.constantFrom('', '', '-', '+', '--', ' ');
  const tail = fc.constantFrom('', '', '', 'e2', 'E-3', '.', '\n', 'x', 'e1000');
  fc.assert(
    fc.property(sign, digits, fc.constantFrom('', '.'), digits, tail, (...parts) => {
      const text = parts.join('');
      expect(written(text)).toBe(parseDecimal(text));
    }),
    { seed, numRuns: 50_000 },
  );
});
