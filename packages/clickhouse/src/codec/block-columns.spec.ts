import { randomInt } from 'node:crypto';
import type { RecordDefinition } from '@quantumtrade/dal-domain';
import { columnOf, records } from '@quantumtrade/dal-domain';
import fc from 'fast-check';
import { recordsOf } from '../testing/native-records.js';
import { decodeNativeBlock } from '../write/store-block.js';
import type { KeyedRows } from './block-columns.js';
import { BlockEncoder } from './block-encoder.js';

const runs = { seed: randomInt(2 ** 31), numRuns: 150 };

it('keeps the columns that were asked for as the block has them', async () => {
  const definitions = fc.constantFrom<RecordDefinition>(...Object.values(records));
  const given = definitions.chain((definition) =>
    fc.tuple(fc.constant(definition), recordsOf(definition, 3)),
  );
  await fc.assert(
    fc.asyncProperty(given, async ([definition, inputs]) => {
      const builder = new BlockEncoder(definition).builder();
      builder.appendRows(inputs).complete();
      const keyColumns = Object.keys(definition.fields).map(columnOf);
      for (const block of builder.finish({ keyColumns })) {
        const bytes = (await decodeNativeBlock(block.bytes))!;
        const valuesOf = (rows: KeyedRows) =>
          keyColumns.map((name) =>
            Array.from({ length: rows.rowCount }, (_, row) => rows.column(name).at(row)),
          );
        expect(valuesOf(block.keyedRows!)).toEqual(valuesOf(bytes));
      }
    }),
    runs,
  );
});

it('keeps no bytes of earlier blocks when a row is refused', async () => {
  const encoder = new BlockEncoder(records.marketData, { writtenAt: { kind: 'version' } });
  const builder = encoder.builder();
  const bar = (symbol: string, open = 1) => ({
    symbol,
    timestamp: Date.UTC(2024, 0, 2),
    open,
    high: 2,
    low: 1,
    close: 1,
    adjustedClose: 1,
    volume: 1,
    qualityScore: 1,
  });
  const constants = { source: 'vendor', writtenAt: 1n };
  const append = (...rows: object[]) => builder.appendRows(rows, { constants }).complete();
  append(bar('A'));
  append(bar('B'));
  builder.finish();
  expect(append(bar('C', NaN), bar('D')).errors).toHaveLength(1);
  const [block] = builder.finish();
  expect(block!.symbols).toEqual(['D']);
  expect((await decodeNativeBlock(block!.bytes))!.column('symbol').at(0)).toBe('D');
});
