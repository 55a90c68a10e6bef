import { randomInt } from 'node:crypto';
import type { RecordDefinition, Row, RowError } from '@quantumtrade/dal-domain';
import {
  columnOf,
  toCanonicalRow,
  marketData,
  prediction,
  records,
  ValidationError,
} from '@quantumtrade/dal-domain';
import fc from 'fast-check';
import type { NativeBlock } from './block-builder.js';
import { BlockEncoder } from './block-encoder.js';
import { decodeBlocks } from './read/block-decoder.js';
import { rowsOf } from '../testing/rows-of.js';
import { barRows, recordsOf } from '../testing/native-records.js';

const seed = randomInt(2 ** 31);
const runs = { seed, numRuns: 150 };

async function decoded(block: NativeBlock, definition: RecordDefinition): Promise<Row[]> {
  const rows: Row[] = [];
  for await (const part of decodeBlocks(
    (async function* () {
      yield block.bytes;
    })(),
  )) {
    rows.push(...rowsOf(part, definition));
  }
  return rows;
}

/** Returns the domain's verdict on the same rows. */
function judged(definition: RecordDefinition, inputs: readonly unknown[]) {
  const rows = new Map<number, Row>();
  const errors: RowError[] = [];
  inputs.forEach((input, index) => {
    const verdict = toCanonicalRow(definition, input, index);
    if ('row' in verdict) rows.set(index, verdict.row);
    else errors.push(verdict.error);
  });
  return { rows, errors };
}

const monthOf = (row: Row) => {
  const date = new Date(row['timestamp'] as number);
  return 12 * date.getUTCFullYear() + date.getUTCMonth();
};

describe('a row gets the verdict of the domain', () => {
  for (const definition of Object.values(records)) {
    for (const hostility of [0, 3, 30]) {
      it(`for ${definition.table} with ${hostility} % hostile values`, async () => {
        const encoder = new BlockEncoder(definition);
        await fc.assert(
          fc.asyncProperty(recordsOf(definition, hostility), async (inputs) => {
            const expected = judged(definition, inputs);
            const batch = encoder.encodeRows(inputs);
            expect(batch.errors).toEqual(expected.errors);
            expect(batch.rowCount).toBe(expected.rows.size);
            const accepted = [...expected.rows.values()];
            for (const block of batch.blocks) {
              const rows = await decoded(block, definition);
              expect(rows).toEqual(accepted.filter((row) => monthOf(row) === block.month));
              expect(block).toMatchObject({ rowCount: rows.length, batches: [0] });
            }
            expect(batch.blocks.reduce((sum, { rowCount }) => sum + rowCount, 0)).toBe(batch.rowCount);
            expect(new Set(batch.blocks.map(({ month }) => month)).size).toBe(batch.blocks.length);
          }),
          runs,
        );
      });
    }
  }
});

const columnsOf = (rows: readonly Record<string, unknown>[]) =>
  Object.fromEntries(Object.keys(rows[0]!).map((name) => [name, rows.map((row) => row[name])]));

const encoder = new BlockEncoder(marketData, { writtenAt: { kind: 'version' } });
const constants = { writtenAt: 1n };

describe('encodeRows', () => {
  it('encodes the same bytes with and without refused rows in between', () => {
    const predictions = new BlockEncoder(prediction);
    const good = Array.from({ length: 3_000 }, (_, i) => ({
      predictionId: `p${i}`,
      symbol: `S${i % 7}`,
      timestamp: 1_700_000_000_000 + i,
      modelVersion: 'v1',
      strategyName: 'momentum',
      predictionHorizon: 5,
      predictedPrice: '101.25',
      confidence: 0.5,
      marketRegime: `regime ${i}`,
      featuresUsed: ['a', `b${i}`],
      modelLatencyMs: 3,
      strategyParameters: { fast: i },
    }));
    const bad = (row: object, i: number) => ({
      ...row,
      symbol: `bad${i}`,
      strategyParameters: { slow: NaN },
    });
    const mixed = good.flatMap((row, i) => (i % 3 === 0 ? [bad(row, i), row] : [row]));
    const batch = predictions.encodeRows(mixed);
    expect(batch.errors).toHaveLength(1_000);
    expect(batch.blocks.map(({ bytes }) => bytes)).toEqual(
      predictions.encodeRows(good).blocks.map(({ bytes }) => bytes),
    );
  });

  it('prefers a constant to the value of a row', async () => {
    const [block] = encoder.encodeRows([{ ...barRows(1)[0], source: null }], {
      constants: { ...constants, source: 'other' },
    }).blocks;
    expect(await decoded(block!, marketData)).toMatchObject([{ source: 'other' }]);
  });

  it('refuses a wrong constant', () => {
    expect(() => encoder.encodeRows([], { constants: { ...constants, source: '' } })).toThrow(
      ValidationError,
    );
  });

  it('returns no block without an accepted row', () => {
    expect(encoder.encodeRows([], { constants })).toEqual({
      blocks: [],
      rowCount: 0,
      roundedCount: 0,
      errors: [],
    });
    expect(encoder.encodeRows([null], { constants })).toEqual({
      blocks: [],
      rowCount: 0,
      roundedCount: 0,
      errors: [{ index: 0, field: 'market_data', reason: 'must be an object' }],
    });
  });

  it('encodes a range of rows and reports positions in the list', async () => {
    const rows: object[] = barRows(3_000);
    rows[1_500] = { ...rows[1_500], low: 'x' };
    const batch = encoder.encodeRows(rows, { constants, from: 1_000, to: 2_500 });
    expect(batch.errors).toEqual([
      { index: 1_500, field: 'low', reason: 'must be a decimal such as 101.25' },
    ]);
    expect(batch.rowCount).toBe(1_499);
    const accepted = [...rows.slice(1_000, 1_500), ...rows.slice(1_501, 2_500)];
    const stored = await decoded(batch.blocks[0]!, marketData);
    const instants = [0, 500].map((n) => Number(stored[n]!['timestamp']));
    expect(instants).toEqual([1_000, 1_501].map((n) => Number((rows[n] as { timestamp: number }).timestamp)));
    expect(stored).toEqual(await decoded(encoder.encodeRows(accepted, { constants }).blocks[0]!, marketData));
    expect(encoder.encodeRows(rows, { constants, from: 2_999, to: 4_000 }).rowCount).toBe(1);
  });

  it('refuses a row that cannot be read and keeps the others', async () => {
    const rows = barRows(2_000).map((row, i) =>
      i === 1_200
        ? Object.defineProperty(row, 'close', {
            get() {
              throw new Error('not now');
            },
          })
        : i === 1_300
          ? { ...row, timestamp: Object.create(Date.prototype) as Date }
          : row,
    );
    const batch = encoder.encodeRows(rows, { constants });
    expect(batch.errors).toEqual([
      { index: 1_200, field: 'close', reason: 'cannot be read' },
      { index: 1_300, field: 'timestamp', reason: 'cannot be read' },
    ]);
    expect(batch.blocks.map(({ rowCount }) => rowCount)).toEqual([1_998]);
  });

  it('collects batches with different constants in one block', async () => {
    const builder = encoder.builder();
    for (const source of ['one', 'two']) {
      const rows = barRows(2).map(({ source: _, ...row }, i) => ({ ...row, high: i === 0 ? 1 : NaN }));
      expect(
        builder.appendRows(rows, { constants: { ...constants, source } }).complete().errors,
      ).toHaveLength(1);
    }
    expect(builder.rowCount).toBe(2);
    const size = builder.byteLength;
    const blocks = builder.finish();
    expect(blocks.map(({ bytes }) => bytes.length)).toEqual([size]);
    expect(blocks[0]!.batches).toEqual([0, 1]);
    expect((await decoded(blocks[0]!, marketData)).map((row) => row['source'])).toEqual(['one', 'two']);
    expect(builder.finish()).toEqual([]);
  });

  it('encodes the same bytes when the process compiles no strings', async () => {
    const compiler = globalThis.Function;
    globalThis.Function = function () {
      throw new EvalError('not allowed');
    } as unknown as FunctionConstructor;
    try {
      const cautious = new BlockEncoder(marketData);
      const rows = [...barRows(3), { ...barRows(1)[0], low: 'x' }];
      const batch = cautious.encodeRows(rows);
      const symbol = { dictionary: ['a', 'b'], positions: [1, 0, 1] };
      const columns = { ...columnsOf(barRows(3)), symbol };
      expect(cautious.encodeColumns({ ...columns, symbol: ['b', 'a', 'b'] })).toEqual(
        cautious.encodeColumns(columns),
      );
      globalThis.Function = compiler;
      expect(batch).toEqual(new BlockEncoder(marketData).encodeRows(rows));
    } finally {
      globalThis.Function = compiler;
    }
  });

  it('names the columns of the insert', () => {
    expect(encoder.columns).toEqual([...Object.keys(marketData.fields).map(columnOf), 'written_at']);
    expect(encoder.columns).toContain('adjusted_close');
  });
});

describe('encodeColumns', () => {
  it('encodes lists as the same values in rows', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc
          .constantFrom(...Object.values(records))
          .chain((definition) => fc.tuple(fc.constant(definition), recordsOf(definition, 5))),
        async ([definition, inputs]) => {
          const rows = inputs.filter((input) => typeof input === 'object' && input !== null);
          fc.pre(rows.length > 0);
          const columns = Object.fromEntries(
            Object.keys(definition.fields).map((name) => [
              name,
              rows.map((row) => (row as Record<string, unknown>)[name]),
            ]),
          );
          const either = new BlockEncoder(definition);
          expect(either.encodeColumns(columns)).toEqual(either.encodeRows(rows));
        },
      ),
      runs,
    );
  });

  it('encodes typed arrays and dictionaries as the same values in rows', () => {
    const rows = barRows(2_500).map((row) => ({ ...row, adjustedClose: row['close'] }));
    const numbers = (name: string) => rows.map((row) => (row as Record<string, unknown>)[name] as number);
    const units = (name: string) =>
      BigInt64Array.from(numbers(name), (price) => BigInt(Math.round(price * 1e8)));
    const symbols = Array.from({ length: 500 }, (_, i) => `SYM${i}`);
    const batch = encoder.encodeColumns(
      {
        symbol: { dictionary: symbols, positions: Uint16Array.from(rows, (_, i) => i % 500) },
        timestamp: BigInt64Array.from(numbers('timestamp'), BigInt),
        open: units('open'),
        high: Float64Array.from(numbers('high')),
        low: units('low'),
        close: numbers('close').map(String),
        volume: BigUint64Array.from(numbers('volume'), BigInt),
        adjustedClose: units('close'),
        qualityScore: Uint8Array.from(numbers('qualityScore')),
      },
      { version: 1n, constants: { source: 'vendor' } },
    );
    const { blocks } = encoder.encodeRows(rows, { constants: { ...constants, source: 'vendor' } });
    expect(batch.errors).toEqual([]);
    expect(batch.blocks).toEqual(blocks);
  });

  it('refuses units and milliseconds that are out of range', () => {
    const columns = {
      ...columnsOf(barRows(5)),
      open: BigInt64Array.of(10n ** 18n - 1n, 10n ** 18n, -(10n ** 18n), 1n - 10n ** 18n, 2n ** 63n - 1n),
      volume: BigInt64Array.of(-1n, 0n, 0n, 0n, 0n),
    };
    expect(encoder.encodeColumns(columns, { version: 1n }).errors).toEqual([
      { index: 0, field: 'volume', reason: 'must not be negative' },
      ...[1, 2, 4].map((index) => ({
        index,
        field: 'open',
        reason: 'must be below 10000000000 in magnitude',
      })),
    ]);
    const early = { ...columnsOf(barRows(1)), timestamp: BigInt64Array.of(-(2n ** 62n)) };
    expect(encoder.encodeColumns(early, { version: 1n }).errors).toMatchObject([{ field: 'timestamp' }]);
  });

  it('refuses columns that are missing or differ in length', () => {
    const { close: _, ...withoutClose } = columnsOf(barRows(2));
    expect(() => encoder.encodeColumns(withoutClose, { version: 1n })).toThrow(/close - is required/);
    expect(() => encoder.encodeColumns({ ...withoutClose, close: [1] }, { version: 1n })).toThrow(
      /close - must be as long/,
    );
  });
});
