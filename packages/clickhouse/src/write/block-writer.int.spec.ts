import type { EncodedBlock, Field, RecordDefinition } from '@quantumtrade/dal-domain';
import { marketData, VersionClock } from '@quantumtrade/dal-domain';
import type { Sql } from '../connection/sql.js';
import { BlockEncoder } from '../codec/block-encoder.js';
import { barRows } from '../testing/native-records.js';
import { intercepted } from '../testing/own-schema.js';
import { openOwnBackend, type OwnBackend } from '../testing/own-backend.js';
import { NativeBlockWriter } from './block-writer.js';
import { RecordTables } from './record-writer.js';

let own: OwnBackend;
let sql: Sql;

beforeAll(async () => {
  own = await openOwnBackend();
  sql = own.sql;
  await sql.command('test', `SYSTEM STOP MERGES ${marketData.table}`);
});

afterAll(() => own.close());

beforeEach(() => sql.command('test', `TRUNCATE TABLE ${marketData.table}`));

const stored = () =>
  sql.rows('test', `SELECT toUInt32(count()) AS rows, max(quality_score) AS score FROM ${marketData.table}`);

/** Returns one bar as encoded by a process whose record has these fields. */
function blockOf(
  fields: Record<string, Field>,
  id: string,
  written: { readonly kind: 'version' | 'instant'; readonly at: bigint | number } = {
    kind: 'version',
    at: 0n,
  },
): EncodedBlock {
  const definition: RecordDefinition = { ...marketData, fields };
  const row = { ...barRows(1)[0], writtenAt: written.at, novelty: 1 };
  const [block] = new BlockEncoder(definition, { writtenAt: { kind: written.kind } }).encodeRows([
    row,
  ]).blocks;
  return { record: 'marketData', id, rowCount: 1, bytes: block!.bytes };
}

it('stores a block once in the table itself', async () => {
  const collector = own.backend.blocks.collect('marketData');
  collector.append({ source: 'vendor', records: barRows(1_000) });
  const [block] = collector.finish();
  await Promise.all(Array.from({ length: 10 }, () => own.backend.blocks.write(block!)));
  await own.backend.blocks.write(block!);
  expect(await stored()).toEqual([{ rows: 1_000, score: 100 }]);
});

it('stores columns by name when fewer or in another order', async () => {
  const { qualityScore: _, ...others } = marketData.fields;
  await own.backend.blocks.write(blockOf(others, 'fewer'));
  expect(await stored()).toEqual([{ rows: 1, score: 0 }]);
  const reversed = Object.fromEntries(Object.entries(marketData.fields).reverse());
  await own.backend.blocks.write(blockOf(reversed, 'reversed'));
  expect(await stored()).toEqual([{ rows: 2, score: barRows(1)[0]!.qualityScore }]);
});

it('stores a block with millisecond versions that was maybe sent before', async () => {
  const at = Date.UTC(2024, 0, 1, 0, 0, 0, 7);
  const block = blockOf(marketData.fields, 'earlier', { kind: 'instant', at });
  await own.backend.blocks.write({ ...block, isUnsent: true });
  await own.backend.blocks.write(block);
  expect(await sql.rows('test', `SELECT toString(written_at) AS at FROM ${marketData.table}`)).toEqual([
    { at: '2024-01-01 00:00:00.00700000' },
  ]);
});

it('refuses a block with a column that the table lacks', async () => {
  const block = blockOf({ ...marketData.fields, novelty: { kind: 'uint8' } }, 'more');
  await expect(own.backend.blocks.write(block)).rejects.toMatchObject({ code: 'QUERY', retryable: false });
  expect(await stored()).toEqual([{ rows: 0, score: 0 }]);
});

it('reports the reason when a large block is refused while sending', async () => {
  const block = {
    table: 'no_such_table',
    token: 'large',
    bytes: Buffer.alloc(2 ** 25),
    rowCount: 1,
    retried: true,
  };
  await expect(sql.insert('test', block)).rejects.toThrow(/UNKNOWN_TABLE/);
});

it('finds rows older than those of an in-flight block', async () => {
  let release = () => {};
  const released = new Promise<void>((resolve) => (release = resolve));
  const slow = intercepted(sql, () => undefined);
  slow.insert = async (operation, block, options) => {
    if (block.token === newer.id) await released;
    return sql.insert(operation, block, options);
  };
  const versions = new VersionClock({ now: () => Date.UTC(2025, 0, 1) });
  const writer = new NativeBlockWriter(slow, versions, 1_000, new RecordTables());
  const blockWritten = (timestamp?: number) => {
    const collector = writer.collect('marketData');
    collector.append({
      source: 'vendor',
      records: barRows(3),
      ...(timestamp !== undefined && { timestamp }),
    });
    return collector.finish()[0]!;
  };
  const newer = blockWritten();
  const first = writer.write(newer);
  const second = writer.write(blockWritten(1), { findSuperseded: true });
  while ((await sql.rows('test', `SELECT 1 FROM ${marketData.table}`)).length === 0) continue;
  release();
  await first;
  expect((await second).superseded).toEqual([0, 1, 2]);
});
