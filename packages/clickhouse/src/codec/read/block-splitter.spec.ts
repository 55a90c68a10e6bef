import { records } from '@quantumtrade/dal-domain';
import type { RecordDefinition } from '@quantumtrade/dal-domain';
import fc from 'fast-check';
import { barRows, recordsOf } from '../../testing/native-records.js';
import { decodeNativeBlock } from '../../write/store-block.js';
import { BlockEncoder } from '../block-encoder.js';
import { splitBlock } from './block-splitter.js';
import { rowsOf } from '../../testing/rows-of.js';

const decoded = async (bytes: Uint8Array, definition: RecordDefinition) =>
  rowsOf((await decodeNativeBlock(bytes))!, definition);

/** Down to single rows. */
function atoms(bytes: Uint8Array, rowCount: number): Uint8Array[] {
  return rowCount === 1 ? [bytes] : splitBlock(bytes).flatMap((part) => atoms(part.bytes, part.rowCount));
}

it.each(Object.entries(records))(
  'splits blocks of %s into the same rows, down to one',
  async (_, definition) => {
    const encoder = new BlockEncoder(definition);
    await fc.assert(
      fc.asyncProperty(recordsOf(definition, 0), async (rows) => {
        for (const { bytes, rowCount } of encoder.encodeRows(rows).blocks) {
          const whole = await decoded(bytes, definition);
          const single = await Promise.all(atoms(bytes, rowCount).map((atom) => decoded(atom, definition)));
          expect(single.flat()).toEqual(whole);
        }
      }),
      { numRuns: 30 },
    );
  },
);

it('halves the rows and makes the same bytes each time', () => {
  const [block] = new BlockEncoder(records.marketData).encodeRows(barRows(7)).blocks;
  const halves = splitBlock(block!.bytes);
  expect(halves.map(({ rowCount }) => rowCount)).toEqual([4, 3]);
  expect(splitBlock(block!.bytes)).toEqual(halves);
});

it('gives each half only the dictionary keys of its rows', () => {
  const rows = barRows(1_000).map((bar, i) => ({ ...bar, symbol: `${'X'.repeat(50)}${i}` }));
  const [block] = new BlockEncoder(records.marketData).encodeRows(rows).blocks;
  for (const { bytes } of splitBlock(block!.bytes)) {
    expect(bytes.length).toBeLessThan(block!.bytes.length * 0.52);
  }
});

it('keeps columns that the record does not have', async () => {
  const nullable = { kind: 'text', nullable: true } as const;
  const fields = { more: nullable, pairs: { kind: 'numbers' } } as const;
  const rows = barRows(5).map((bar, i) => ({
    ...bar,
    more: i % 2 === 0 ? null : `text ${i}`,
    pairs: i === 0 ? {} : { a: i, b: -i },
  }));
  const [block] = new BlockEncoder(records.marketData, fields).encodeRows(rows).blocks;
  const parts = await Promise.all(splitBlock(block!.bytes).map(({ bytes }) => decodeNativeBlock(bytes)));
  const column = (name: string) =>
    parts.flatMap((part) => Array.from({ length: part!.rowCount }, (_, i) => part!.column(name).at(i)));
  expect(column('more')).toEqual(rows.map(({ more }) => more));
  expect(column('pairs')).toEqual(rows.map(({ pairs }) => pairs));
});
