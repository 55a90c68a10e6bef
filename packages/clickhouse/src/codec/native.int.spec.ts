import { randomBytes, randomInt } from 'node:crypto';
import { Readable } from 'node:stream';
import { createClient } from '@clickhouse/client';
import type { RecordDefinition, Row } from '@quantumtrade/dal-domain';
import { toCanonicalRow, columnOf, formatDecimal, records } from '@quantumtrade/dal-domain';
import fc from 'fast-check';
import { columnTypeOf } from '../testing/column-types.js';
import { ENGINE_BLOCK, ENGINE_QUERY } from '../testing/engine-block.js';
import { barRows, recordsOf } from '../testing/native-records.js';
import type { DecodedBlock } from './read/block-parser.js';
import { decodeWholeBlock, decodeBlocks } from './read/block-decoder.js';
import { BlockEncoder } from './block-encoder.js';
import type { TableField } from './kinds.js';
import { rowsOf } from '../testing/rows-of.js';

const database = `native_${randomBytes(6).toString('hex')}`;
const url = process.env['CLICKHOUSE_URL']!;
const server = createClient({ url });
const client = createClient({ url, database });
const seed = randomInt(2 ** 31);
/** Rows of the largest block: more than the engine returns in one block by default, 65,409. */
const ROWS = Number(process.env['QT_ROWS'] ?? 150_000);

beforeAll(() => server.command({ query: `CREATE DATABASE ${database}` }));
afterAll(async () => {
  await server.command({ query: `DROP DATABASE ${database} SYNC` });
  await Promise.all([server.close(), client.close()]);
});

async function insert(table: string, columns: readonly string[], bytes: Buffer): Promise<void> {
  const { stream } = await client.exec({
    query: `INSERT INTO ${table} (${columns.join(', ')}) FORMAT Native`,
    values: Readable.from([bytes], { objectMode: false }),
    clickhouse_settings: { async_insert: 0, wait_end_of_query: 1 },
  });
  stream.resume();
}

async function select(query: string, settings = {}): Promise<DecodedBlock[]> {
  const { stream, response_headers } = await client.exec({
    query: `${query} FORMAT Native`,
    clickhouse_settings: settings,
  });
  const exceptionTag = response_headers['x-clickhouse-exception-tag'] as string | undefined;
  const blocks: DecodedBlock[] = [];
  for await (const block of decodeBlocks(stream, { exceptionTag })) blocks.push(block);
  return blocks;
}

const json = async (query: string): Promise<Record<string, unknown>[]> =>
  (
    await client.query({
      query,
      format: 'JSONEachRow',
      clickhouse_settings: {
        output_format_json_quote_64bit_integers: 1,
        output_format_json_quote_decimals: 1,
        output_format_decimal_trailing_zeros: 0,
      },
    })
  ).json();

const definitionOf = (table: string, fields: RecordDefinition['fields']): RecordDefinition => ({
  ...{ name: table, table, fields },
  ...{ since: 1, key: [], versioning: 'upsert', filters: [], cacheKeys: [] },
  batch: { form: 'rows', rows: 'records', labels: {} },
});

/** A table that keeps every row in its place. */
async function tableFor(fields: Readonly<Record<string, TableField>>, name: string): Promise<string> {
  const columns = Object.entries({ ...fields, place: { kind: 'uint64' as const } }).map(
    ([name, field]: [string, TableField]) => `${columnOf(name)} ${columnTypeOf(field)}`,
  );
  await client.command({ query: `DROP TABLE IF EXISTS ${name}` });
  await client.command({
    query: `CREATE TABLE ${name} (${columns.join(', ')}) ENGINE = MergeTree ORDER BY place`,
  });
  return name;
}

/** Returns the expression of a value in a form that JSON carries exactly. */
function spelled(name: string, kind: TableField['kind']): string {
  const column = columnOf(name);
  switch (kind) {
    case 'instant':
      return `toString(toUnixTimestamp64Milli(${column}))`;
    case 'float32':
      return `toString(reinterpretAsUInt32(${column}))`;
    case 'float64':
      return `toString(reinterpretAsUInt64(${column}))`;
    case 'numbers':
      return `mapApply((k, v) -> (k, toString(reinterpretAsUInt64(v))), ${column})`;
    case 'texts':
      return column;
    default:
      return `toString(${column})`;
  }
}

const bitsOf = (value: number) => new BigUint64Array(Float64Array.of(value).buffer)[0]!.toString();

function spelling(value: Row[string], kind: TableField['kind']): unknown {
  switch (kind) {
    case 'decimal':
      return formatDecimal(value as bigint);
    case 'float32':
      return new Uint32Array(Float32Array.of(value as number).buffer)[0]!.toString();
    case 'float64':
      return bitsOf(value as number);
    case 'numbers':
      return Object.fromEntries(Object.entries(value as object).map(([k, v]) => [k, bitsOf(v as number)]));
    case 'texts':
      return value;
    default:
      return String(value);
  }
}

describe('the engine', () => {
  for (const definition of Object.values(records) as RecordDefinition[]) {
    it(`stores and returns the rows of ${definition.table}`, async () => {
      const table = await tableFor(definition.fields, definition.table);
      const encoder = new BlockEncoder({
        ...definition,
        fields: { ...definition.fields, place: { kind: 'uint64' } },
      });
      await fc.assert(
        fc.asyncProperty(recordsOf(definition, 0), async (inputs) => {
          await client.command({ query: `TRUNCATE TABLE ${table}` });
          const placed = inputs.map((input, place) => ({ ...(input as object), place }));
          const batch = encoder.encodeRows(placed);
          for (const { bytes } of batch.blocks) await insert(table, encoder.columns, bytes);
          const expected = inputs.flatMap((input, i) => {
            const verdict = toCanonicalRow(definition, input, i);
            return 'row' in verdict ? [verdict.row] : [];
          });
          const fields = Object.entries(definition.fields);
          const list = fields.map(([name, { kind }]) => `${spelled(name, kind)} AS ${name}_`).join(', ');
          expect(await json(`SELECT ${list} FROM ${table} ORDER BY place`)).toEqual(
            expected.map((row) =>
              Object.fromEntries(fields.map(([name, { kind }]) => [`${name}_`, spelling(row[name]!, kind)])),
            ),
          );
          const blocks = await select(`SELECT * EXCEPT place FROM ${table} ORDER BY place`);
          expect(blocks.flatMap((block) => rowsOf(block, definition))).toEqual(expected);
        }),
        { seed, numRuns: 12 },
      );
    });
  }

  it('stores nullable columns', async () => {
    const extra: Record<string, TableField> = Object.fromEntries(
      (['id', 'instant', 'decimal', 'uint8', 'uint64', 'float32', 'uuid'] as const).map((kind) => [
        `maybe_${kind}`,
        { kind, nullable: true },
      ]),
    );
    const fields = { timestamp: { kind: 'instant' }, ...extra } as const;
    const definition = definitionOf('maybes', fields);
    const table = await tableFor(fields, 'maybes');
    const encoder = new BlockEncoder(definition, { place: { kind: 'uint64' } });
    const full = {
      ...{ maybe_id: 'ü', maybe_instant: -5, maybe_decimal: '-1.5', maybe_uint8: 255 },
      ...{
        maybe_uint64: 2n ** 64n - 1n,
        maybe_float32: -0.5,
        maybe_uuid: 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11',
      },
    };
    const batch = encoder.encodeRows([
      { timestamp: 0, ...full, place: 0 },
      { timestamp: 0, place: 1 },
      { timestamp: 0, ...full, maybe_uint8: 256, place: 2 },
      { timestamp: 0, ...full, maybe_id: null, place: 3 },
    ]);
    expect(batch.errors).toMatchObject([{ index: 2, field: 'maybe_uint8' }]);
    for (const { bytes } of batch.blocks) await insert(table, encoder.columns, bytes);
    const [block] = await select(`SELECT * FROM ${table} ORDER BY place`);
    const read = (row: number) => Object.keys(extra).map((name) => block!.column(name).at(row));
    expect([read(0), read(1), read(2)]).toEqual([
      ['ü', -5, -150_000_000n, 255, 2n ** 64n - 1n, -0.5, full.maybe_uuid],
      Object.keys(extra).map(() => null),
      [null, -5, -150_000_000n, 255, 2n ** 64n - 1n, -0.5, full.maybe_uuid],
    ]);
  });

  it('stores and returns dictionaries of every width', async () => {
    const fields = { symbol: { kind: 'symbol' } } as const;
    const definition = definitionOf('wide', fields);
    const encoder = new BlockEncoder(definition, { place: { kind: 'uint64' } });
    for (const distinct of [1, 256, 257, 65_536, 65_537, 100_000]) {
      const table = await tableFor(fields, 'wide');
      const rows = Array.from({ length: distinct + 10 }, (_, place) => ({
        symbol: `S${place % distinct}`,
        place,
      }));
      const batch = encoder.encodeRows(rows);
      for (const { bytes } of batch.blocks) await insert(table, encoder.columns, bytes);
      const blocks = await select(`SELECT symbol FROM ${table} ORDER BY place`, { max_block_size: 200_000 });
      expect(blocks.flatMap((block) => rowsOf(block, definition))).toEqual(
        rows.map(({ symbol }) => ({ symbol })),
      );
    }
  });

  it(`stores and returns blocks of ${ROWS} rows`, async () => {
    const definition = records.marketData;
    const table = await tableFor(definition.fields, 'large');
    const encoder = new BlockEncoder(definition, { place: { kind: 'uint64' } });
    const rows = barRows(ROWS);
    const batch = encoder.encodeRows(rows.map((row, place) => ({ ...row, place })));
    expect(batch).toMatchObject({ rowCount: ROWS, errors: [], blocks: [{}] });
    await insert(table, encoder.columns, batch.blocks[0]!.bytes);
    const blocks = await select(`SELECT * FROM ${table} ORDER BY place`, {
      max_block_size: ROWS,
      preferred_block_size_bytes: 0,
    });
    const read = blocks.flatMap((block) => rowsOf(block, definition));
    expect(read).toHaveLength(ROWS);
    const different = read.findIndex(
      (row, i) =>
        row['volume'] !== BigInt(rows[i]!.volume) * 100_000_000n || row['timestamp'] !== rows[i]!.timestamp,
    );
    expect(different).toBe(-1);
    for (let i = 0; i < rows.length; i += 997)
      expect({ row: read[i], rounded: false }).toEqual(toCanonicalRow(definition, rows[i], i));
  }, 120_000);

  it('returns values that statements of the data layer compute', async () => {
    const [block] = await select(
      `SELECT sum(d) AS sum, avg(d) AS mean, max(t) AS last, count() AS count, groupArray(s) AS names,
         [toLowCardinality('a')] AS list, []::Array(LowCardinality(String)) AS none,
         toDateTime('2024-01-01 00:00:01', 'UTC') AS second, toDate('2024-01-01') AS day, true AS yes,
         toInt8(-1) AS i8, toInt16(-2) AS i16, toInt32(-3) AS i32, toInt64(-4) AS i64,
         NULL::LowCardinality(Nullable(String)) AS nothing, map('k', [1.5]) AS nested
       FROM (SELECT toDecimal64('-9999999999.99999999', 8) AS d, toDateTime64(-1, 3, 'UTC') AS t, 'ü' AS s FROM numbers(3))`,
    );
    expect(Object.fromEntries(block!.names.map((name) => [name, block!.column(name).at(0)]))).toEqual({
      ...{ sum: -2_999_999_999_999_999_997n, mean: -1e10, last: -1_000, count: 3n, names: ['ü', 'ü', 'ü'] },
      ...{ list: ['a'], none: [], second: 1_704_067_201_000, day: 1_704_067_200_000, yes: true },
      ...{ i8: -1, i16: -2, i32: -3, i64: -4n, nothing: null, nested: { k: [1.5] } },
    });
  });

  it('returns the block of every type that is read', async () => {
    const [block] = await select(ENGINE_QUERY);
    const valuesOf = (of: DecodedBlock) =>
      of.names.map((name) => [name, [0, 1].map((row) => of.column(name).at(row))]);
    expect(valuesOf(block!)).toEqual(valuesOf(decodeWholeBlock(ENGINE_BLOCK)));
  });

  it('returns no block for no rows', async () => {
    expect(await select('SELECT 1 WHERE 0')).toEqual([]);
  });

  it('reports an error behind its HTTP 200', async () => {
    const failing = select('SELECT number, throwIf(number = 300000) FROM numbers(1000000)', {
      max_block_size: '1000',
    });
    await expect(failing).rejects.toMatchObject({ code: 395, type: 'FUNCTION_THROW_IF_VALUE_IS_NON_ZERO' });
  });

  it('keeps the later of two rows with one key and version', async () => {
    await client.command({
      query: `CREATE TABLE later (symbol LowCardinality(String), timestamp DateTime64(3, 'UTC'), volume UInt64,
        written_at DateTime64(8, 'UTC')) ENGINE = ReplacingMergeTree(written_at) ORDER BY (symbol, timestamp)`,
    });
    const fields = {
      symbol: { kind: 'symbol' },
      timestamp: { kind: 'instant' },
      volume: { kind: 'uint64' },
    } as const;
    const encoder = new BlockEncoder(definitionOf('later', fields), { writtenAt: { kind: 'version' } });
    const rows = [1, 2, 3].flatMap((volume) =>
      Array.from({ length: 5_000 }, (_, i) => ({ symbol: `S${i}`, timestamp: 1, volume })),
    );
    const [block] = encoder.encodeRows(rows, { constants: { writtenAt: 7n } }).blocks;
    await insert('later', encoder.columns, block!.bytes);
    expect(await json('SELECT volume, count() AS n FROM later FINAL GROUP BY volume')).toEqual([
      { volume: '3', n: '5000' },
    ]);
  });
});
