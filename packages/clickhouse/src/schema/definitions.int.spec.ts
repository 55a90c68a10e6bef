import type { RecordDefinition } from '@quantumtrade/dal-domain';
import { columnOf, records } from '@quantumtrade/dal-domain';
import { ClickHouseSchemaController } from './schema-controller.js';
import { columnTypeOf } from '../testing/column-types.js';
import { dropOwnDatabases, ownDatabase } from '../testing/own-schema.js';

const sql = ownDatabase();
beforeAll(() => new ClickHouseSchemaController(sql).initialize());
afterAll(dropOwnDatabases);

describe.each(Object.entries<RecordDefinition>(records))('table of %s', (_, definition) => {
  it('table has the fields of its record and written_at', async () => {
    const columns = await sql.rows<{ name: string; type: string }>(
      'test',
      `SELECT name, type FROM system.columns
       WHERE database = {database:String} AND table = {table:String} ORDER BY position`,
      { database: sql.database, table: definition.table },
    );
    const fields = Object.entries(definition.fields);
    expect(columns).toEqual([
      ...fields.map(([name, field]) => ({ name: columnOf(name), type: columnTypeOf(field) })),
      { name: 'written_at', type: columnTypeOf({ kind: 'version' }) },
    ]);
  });

  it('table replaces rows by the key within monthly partitions', async () => {
    const [table] = await sql.rows<Record<string, string>>(
      'test',
      `SELECT engine_full, partition_key, sorting_key FROM system.tables
       WHERE database = {database:String} AND name = {table:String}`,
      { database: sql.database, table: definition.table },
    );
    expect(table!.engine_full).toMatch(/^ReplacingMergeTree\(written_at\) /);
    expect(table!.sorting_key).toBe(definition.key.map(columnOf).join(', '));
    expect(table!.partition_key).toBe('toYYYYMM(timestamp)');
    expect(definition.key).toContain('timestamp');
  });
});

it('every table of a record remembers insert tokens', async () => {
  const rows = await sql.rows<{ name: string }>(
    'test',
    `SELECT name FROM system.tables WHERE database = {database:String}
       AND engine_full LIKE '%non_replicated_deduplication_window = 10000%' ORDER BY name`,
    { database: sql.database },
  );
  expect(rows.map(({ name }) => name)).toEqual(
    Object.values(records)
      .map(({ table }) => table as string)
      .sort(),
  );
});
