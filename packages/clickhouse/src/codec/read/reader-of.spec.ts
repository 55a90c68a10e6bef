import { ENGINE_BLOCK } from '../../testing/engine-block.js';
import { decodeWholeBlock } from './block-decoder.js';
import { readerOf } from './reader-of.js';

const block = decodeWholeBlock(ENGINE_BLOCK);

it('reads values of every type that an engine wrote', () => {
  const read = (row: number) =>
    Object.fromEntries(block.names.map((name) => [name, block.column(name).at(row)]));
  expect(read(1)).toEqual({
    ...{ u64: 9_007_199_254_740_994n, i64: -1n, u256: 2n ** 256n - 1n, i256: -1n, i128: -1n },
    ...{ d18: 100_000_000n, d38: -100_000_000n, d76: -(10n ** 16n), n: null, a: [1, 2] },
    ...{ m: { k: 1.5, ü: 1 }, t: [1, 'x'], al: ['a', '1'], ln: null, e: "two's", f: 'ab\0' },
    ...{ day: 172_800_000, second: 1_000, ms: 1_000, b: 1, yes: true, f32: 0.5 },
    ...{ nt: [1, [[1, '']]], an: [null, 'ä'] },
  });
  expect(read(0)).toMatchObject({
    u256: 0n,
    i256: 0n,
    d76: 0n,
    n: 0,
    ln: 'v',
    e: 'one',
    nt: [0, [[0, '']]],
  });
});

it.each([
  ...[
    '',
    'Polygon',
    'Variant(UInt8)',
    'Decimal(9, 8)',
    'Decimal(77, 8)',
    "DateTime64(6, 'UTC')",
    'FixedString(0)',
    'Tuple()',
  ],
  ...['Map(UInt8, UInt8)', 'Nullable', 'Array(Polygon)', 'LowCardinality()', 'hasOwnProperty', '__proto__'],
])('refuses the type %j by name', (type) => {
  expect(() => readerOf(type)).toThrow(/columns of type .* cannot be read/);
});
