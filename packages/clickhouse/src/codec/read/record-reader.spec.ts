import type { InstantForm, RecordDefinition, Row } from '@quantumtrade/dal-domain';
import {
  columnsOfRows,
  DECIMAL_LIMIT,
  isColumnBatch,
  isDatabaseError,
  records,
  toOutputRow,
} from '@quantumtrade/dal-domain';
import fc from 'fast-check';
import { recordsOf } from '../../testing/native-records.js';
import { rowsOf } from '../../testing/rows-of.js';
import { BlockEncoder } from '../block-encoder.js';
import { decodeWholeBlock } from './block-decoder.js';
import type { DecodedBlock } from './block-parser.js';
import { ScratchMemory } from './number-memory.js';
import { recordReader } from './record-reader.js';

const definitionOf = (fields: RecordDefinition['fields']): RecordDefinition => ({
  ...{
    name: 'sample',
    table: 'samples',
    since: 1,
    key: [],
    versioning: 'upsert',
    filters: [],
    cacheKeys: [],
  },
  batch: { form: 'rows', rows: 'records', labels: {} },
  fields: { timestamp: { kind: 'instant' }, ...fields },
});

const nullable = definitionOf(
  Object.fromEntries(
    (['id', 'instant', 'decimal', 'uint8', 'uint64', 'float32', 'uuid'] as const).map((kind) => [
      kind,
      { kind, nullable: true },
    ]),
  ),
);
const definitions = [...(Object.values(records) as RecordDefinition[]), nullable];

/** Encodes rows and decodes them: one block for each month, where rows are accepted. */
const blocksOf = (definition: RecordDefinition, inputs: readonly unknown[]): DecodedBlock[] =>
  new BlockEncoder(definition).encodeRows(inputs).blocks.map(({ bytes }) => decodeWholeBlock(bytes));

/** Leaves out some values of nullable fields. */
const withNulls = (definition: RecordDefinition, inputs: readonly unknown[]): unknown[] =>
  inputs.map((input, row) =>
    Object.fromEntries(
      Object.entries(input as object).map(([name, value], i) => [
        name,
        definition.fields[name]!.nullable && (row + i) % 3 === 0 ? null : (value as unknown),
      ]),
    ),
  );

/** Runs both and expects equal results or equal errors. */
function expectSame(run: () => unknown, reference: () => unknown): void {
  let expected: unknown;
  try {
    expected = reference();
  } catch (error) {
    if (!isDatabaseError(error)) throw error;
    expect(run).toThrow(error);
    return;
  }
  expect(run()).toEqual(expected);
}

/** Returns columns with the texts in place of dictionaries, whose order is not defined. */
const withTexts = ({ rowCount, columns }: ReturnType<typeof columnsOfRows>) => ({
  rowCount,
  columns: Object.fromEntries(
    Object.entries(columns).map(([name, column]) => {
      const { dictionary, positions } = column as { dictionary?: string[]; positions: Uint8Array };
      if (!dictionary) return [name, column];
      expect(new Set(dictionary).size).toBe(dictionary.length);
      return [name, [positions.constructor.name, ...Array.from(positions, (at) => dictionary[at])]];
    }),
  ),
});

const instantForms = fc.constantFrom<InstantForm>('date', 'number');

describe.each(definitions.map((definition) => [definition.name, definition] as const))(
  '%s',
  (_, definition) => {
    const inputs = recordsOf(definition, 0).map((rows) => withNulls(definition, rows));

    it('rows equal those of the domain, or fail alike', () => {
      fc.assert(
        fc.property(inputs, fc.boolean(), instantForms, (rows, exact, instants) => {
          for (const block of blocksOf(definition, rows)) {
            expectSame(
              () => recordReader(definition, { exact, instants }).rows(block),
              () => rowsOf(block, definition).map((row) => toOutputRow(definition, row, exact, { instants })),
            );
          }
        }),
      );
    });

    it('columns of several blocks equal those of the domain', () => {
      fc.assert(
        fc.property(inputs, fc.boolean(), (rows, exact) => {
          const blocks = blocksOf(definition, rows);
          const canonical: Row[] = blocks.flatMap((block) => rowsOf(block, definition));
          const names = Object.keys(definition.fields);
          const reader = recordReader(definition, { exact });
          const convert = reader.converter(0);
          const converted = blocks.map((block, i) => (i % 2 === 0 ? convert(block) : block));
          expectSame(
            () => withTexts(reader.columns(converted)),
            () => withTexts(columnsOfRows(definition, names, canonical, exact)),
          );
        }),
      );
    });

    it('reads the chosen fields in the order of the definition', () => {
      const names = Object.keys(definition.fields);
      fc.assert(
        fc.property(inputs, fc.shuffledSubarray(names, { minLength: 1 }), (rows, select) => {
          const reader = recordReader(definition, { select, exact: true });
          expect(reader.names).toEqual(names.filter((name) => select.includes(name)));
          for (const block of blocksOf(definition, rows)) {
            const expected = rowsOf(block, definition).map((row) =>
              toOutputRow(definition, row, true, { select: reader.names }),
            );
            expect(reader.rows(block)).toEqual(expected);
            for (const row of reader.rows(block)) expect(Object.keys(row)).toEqual(reader.names);
            expect(Object.keys(reader.columns([block]).columns)).toEqual(reader.names);
          }
        }),
        { numRuns: 20 },
      );
    });

    it('reads a range of rows without looking at others', () => {
      fc.assert(
        fc.property(inputs, fc.nat(40), fc.nat(40), instantForms, (rows, start, count, instants) => {
          for (const block of blocksOf(definition, rows)) {
            const from = Math.min(start, block.rowCount);
            const to = Math.min(from + count, block.rowCount);
            expectSame(
              () => recordReader(definition, { instants }).rows(block, from, to),
              () =>
                rowsOf(block, definition)
                  .slice(from, to)
                  .map((row) => toOutputRow(definition, row, false, { instants })),
            );
          }
        }),
        { numRuns: 30 },
      );
    });
  },
);

describe('decimals', () => {
  const definition = definitionOf({ price: { kind: 'decimal' }, volume: { kind: 'decimal', precision: 38 } });
  const units = (limit: bigint) =>
    fc.oneof(
      fc.bigInt({ min: 1n - limit, max: limit - 1n }),
      fc.bigInt({ min: -(2n ** 54n), max: 2n ** 54n }),
      fc.bigInt({ min: -(10n ** 15n) - 9n, max: -(10n ** 15n) + 9n }),
      fc.bigInt({ min: 10n ** 15n - 9n, max: 10n ** 15n + 9n }),
      fc.bigInt({ min: -(10n ** 10n) + 1n, max: 10n ** 10n - 1n }).map((whole) => whole * 10n ** 8n),
      fc.bigInt({ min: -(10n ** 4n), max: 10n ** 4n }),
      fc.constantFrom(2n ** 53n, 2n ** 53n + 1n, -(2n ** 53n), 2n ** 32n, -(2n ** 32n), -1n, 0n),
    );

  it('equal those of the domain at every magnitude', () => {
    const text = (value: bigint) => {
      const digits = (value < 0n ? -value : value).toString().padStart(9, '0');
      return `${value < 0n ? '-' : ''}${digits.slice(0, -8)}.${digits.slice(-8)}`;
    };
    fc.assert(
      fc.property(
        units(DECIMAL_LIMIT[18]),
        units(DECIMAL_LIMIT[38]),
        fc.boolean(),
        (price, volume, exact) => {
          const row = { timestamp: 0, price: text(price), volume: text(volume) };
          const [block] = blocksOf(definition, [row]);
          const canonical = rowsOf(block!, definition)[0]!;
          expect(canonical).toEqual({ timestamp: 0, price, volume });
          const names = Object.keys(definition.fields);
          const reader = recordReader(definition, { exact });
          expectSame(
            () => reader.rows(block!)[0],
            () => toOutputRow(definition, canonical, exact),
          );
          expectSame(
            () => reader.columns([reader.converter(0)(block!)]),
            () => columnsOfRows(definition, names, [canonical], exact),
          );
        },
      ),
      { numRuns: 2_000 },
    );
  });

  it('name the field that no number can hold', () => {
    const [block] = blocksOf(definition, [{ timestamp: 0, price: '9999999999.99999999', volume: 1 }]);
    const message = 'price has more digits than a number holds: read it with exact';
    expect(() => recordReader(definition).rows(block!)).toThrow(message);
    const reader = recordReader(definition);
    expect(() => reader.columns([block!])).toThrow(message);
    expect(() => reader.columns([reader.converter(0)(block!)])).toThrow(message);
  });

  it('of another scale are refused', () => {
    const bytes = new BlockEncoder(definition).encodeRows([{ timestamp: 0, price: 1, volume: 1 }]).blocks[0]!
      .bytes;
    const at = bytes.indexOf('Decimal(18, 8)') + 'Decimal(18, '.length;
    bytes.write('7', at);
    expect(() => recordReader(definition).rows(decodeWholeBlock(bytes))).toThrow(
      'a column of type Decimal(18, 7) has no values of the kind decimal',
    );
  });
});

it('columns of a record can be written again', () => {
  fc.assert(
    fc.property(recordsOf(records.marketData, 0), (rows) => {
      for (const block of blocksOf(records.marketData, rows)) {
        const batch = recordReader(records.marketData, { exact: true }).columns([block]);
        expect(isColumnBatch(batch)).toBe(true);
        const { blocks, errors } = new BlockEncoder(records.marketData).encodeColumns(batch.columns as never);
        expect(errors).toEqual([]);
        expect(rowsOf(decodeWholeBlock(blocks[0]!.bytes), records.marketData)).toEqual(
          rowsOf(block, records.marketData),
        );
      }
    }),
    { numRuns: 30 },
  );
});

it('columns of no block are empty', () => {
  const { rowCount, columns } = recordReader(records.marketData, { exact: true }).columns([]);
  expect(rowCount).toBe(0);
  expect(columns).toMatchObject({ open: new BigInt64Array(), symbol: { dictionary: [] } });
});

describe('large blocks', () => {
  const definition = definitionOf({ price: { kind: 'decimal' }, id: { kind: 'uint64' } });
  const MONTH = 31 * 86_400_000;
  const blocks = blocksOf(
    definition,
    Array.from({ length: 15_000 }, (_, i) => ({
      timestamp: Math.floor(i / 5_000) * MONTH + i,
      price: i / 7,
      id: i % 2 ? i : 2 ** 50 + i,
    })),
  );
  const reader = recordReader(definition, { instants: 'number' });

  it.each([0, 10_000, 15_000, 29_000, 1e6])('columns do not depend on a limit of %s rows', (limit) => {
    const converted = blocks.map(reader.converter(limit));
    expect(converted).toHaveLength(3);
    expect(reader.columns(converted)).toEqual(reader.columns(blocks));
  });

  it.each([15_000, 29_000])('columns are not copied after the last block of %s rows', (limit) => {
    const converted = blocks.map(reader.converter(limit));
    for (const [name, column] of Object.entries(reader.columns(converted).columns)) {
      expect((column as Float64Array).buffer).toBe(
        (converted[0]!.column(name) as unknown as { values: Float64Array }).values.buffer,
      );
    }
  });

  it('columns do not keep memory for a million rows', () => {
    const { price } = reader.columns(blocks.map(reader.converter(1e6))).columns;
    expect((price as Float64Array).buffer.byteLength).toBe(15_000 * 8);
  });

  it('rows of one memory equal those of separate memories', () => {
    const memories = reader.names.map(() => new ScratchMemory());
    const rows = blocks.map((block) => reader.rows(block, 0, block.rowCount, memories));
    expect(rows).toEqual(blocks.map((block) => reader.rows(block)));
  });
});
