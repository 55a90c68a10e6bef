import type { Sql } from '../connection/sql.js';
import { openOwnBackend, type OwnBackend } from '../testing/own-backend.js';
import { columnsOf, readContent } from './table-content.js';

let own: OwnBackend;
beforeAll(async () => {
  own = await openOwnBackend();
});
afterAll(() => own.close());

const COLUMNS = `id UInt32, part UInt8, name LowCardinality(String), price Decimal64(8), rate Nullable(Float32),
  ratio Float64, parameters Map(String, Float64), tags Array(String), uuid UUID, at DateTime64(8, 'UTC')`;
const ROW = {
  id: '1',
  part: '1',
  name: "'a'",
  price: '1.5',
  rate: '0.5',
  ratio: '0.1',
  parameters: "map('a', 1, 'b', 2)",
  tags: "['x', 'y']",
  uuid: "toUUID('00000000-0000-4000-8000-000000000001')",
  at: "toDateTime64('2024-01-01 00:00:00.00000001', 8, 'UTC')",
};
type Row = Partial<Record<keyof typeof ROW, string>>;

let tables = 0;

/** Returns the content of a new table with these rows, each a change of one row. */
async function contentOf(rows: readonly Row[], columns = COLUMNS) {
  const table = `content_${++tables}`;
  const { sql } = own;
  await sql.command(
    'test',
    `CREATE TABLE ${table} (${columns}) ENGINE = MergeTree ORDER BY id PARTITION BY part`,
  );
  for (const row of rows) {
    const values = Object.entries({ ...ROW, ...row });
    const selected = values.map(([name, value]) => `${value} AS ${name}`).join(', ');
    await sql.command('test', `INSERT INTO ${table} SELECT ${selected}`);
  }
  return readTable(sql, table);
}

async function readTable(sql: Sql, table: string) {
  const columns = await columnsOf(sql.on('system'), sql.database, table, 'test', {});
  return readContent(sql, table, columns, ['2', '1'], 'test', {});
}

const hashOf = async (rows: readonly Row[], columns?: string) => (await contentOf(rows, columns))[0]!.hash;

it('content has rows and a hash for each partition, ascending', async () => {
  const hash = expect.stringMatching(/^[0-9a-f]{32}$/) as string;
  expect(await contentOf([{}, { id: '2', part: '2' }, { id: '3', part: '2' }])).toEqual([
    { partition: '1', rows: 1, hash },
    { partition: '2', rows: 2, hash },
  ]);
});

it('hash depends on neither the order of inserts nor merges', async () => {
  const rows = [{}, { id: '2' }, { rate: 'NULL' }];
  const first = await hashOf(rows);
  expect(await hashOf([...rows].reverse())).toBe(first);
  const [content] = await contentOf(rows);
  await own.sql.command('test', `OPTIMIZE TABLE content_${tables} FINAL`);
  expect(await readTable(own.sql, `content_${tables}`)).toEqual([content]);
});

it('hash does not depend on codecs, order or dictionaries of columns', async () => {
  const other = `at DateTime64(8, 'UTC') CODEC(DoubleDelta, ZSTD(1)), id UInt32 CODEC(T64), part UInt8, name String,
    price Decimal64(8) CODEC(Delta, LZ4), rate Nullable(Float32) CODEC(NONE), ratio Float64 CODEC(Gorilla, LZ4),
    parameters Map(String, Float64) CODEC(ZSTD(3)), tags Array(String), uuid UUID`;
  const columns = 'at, id, part, name, price, rate, ratio, parameters, tags, uuid';
  const hash = await hashOf([{}, { id: '2', rate: 'NULL' }]);
  const plain = `content_${tables}`;
  await own.sql.command(
    'test',
    `CREATE TABLE coded (${other}) ENGINE = MergeTree ORDER BY id PARTITION BY part`,
  );
  await own.sql.command('test', `INSERT INTO coded SELECT ${columns} FROM ${plain}`);
  expect((await readTable(own.sql, 'coded'))[0]!.hash).toBe(hash);
});

it.each<Row>([
  { id: '2' },
  { name: "''" },
  { price: '1.50000001' },
  { rate: 'NULL' },
  { rate: '0' },
  { rate: 'nan' },
  { rate: '-0.5' },
  { ratio: 'nan' },
  { ratio: 'inf' },
  { ratio: '-0.1' },
  { parameters: "map('b', 2, 'a', 1)" },
  { parameters: "map('a', nan, 'b', 2)" },
  { parameters: 'map()' },
  { tags: "['x']" },
  { tags: "['xy']" },
  { tags: '[]' },
  { uuid: "toUUID('00000000-0000-4000-8000-000000000002')" },
  { at: "toDateTime64('2024-01-01 00:00:00.00000002', 8, 'UTC')" },
])('a value changed to %j changes the hash', async (changed) => {
  expect(await hashOf([{ id: '7' }, changed])).not.toBe(await hashOf([{ id: '7' }, {}]));
});

it.each<Row>([{}, { rate: 'NULL' }, { ratio: 'nan' }])(
  'doubled and lost rows %j change count and hash',
  async (row) => {
    const contents = [
      await contentOf([{ id: '7' }, row]),
      await contentOf([{ id: '7' }, row, row]),
      await contentOf([{ id: '7' }, row, row, row]),
      await contentOf([{ id: '7' }]),
    ];
    expect(contents.map(([content]) => content!.rows)).toEqual([2, 3, 4, 1]);
    expect(new Set(contents.map(([content]) => content!.hash)).size).toBe(4);
    for (const half of [0, 16]) {
      expect(
        new Set(contents.slice(1).map(([content]) => content!.hash.slice(half, half + 16))).size,
      ).toBeGreaterThan(1);
    }
  },
);
