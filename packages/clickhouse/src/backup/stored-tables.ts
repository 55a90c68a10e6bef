import type { RecordDefinition } from '@quantumtrade/dal-domain';
import { recordNames, records, ValidationError } from '@quantumtrade/dal-domain';

/** A table that backups hold. */
export interface StoredTable {
  readonly name: string;
  /** Version of the schema from which on it exists. */
  readonly since: number;
  /** @default none: its rows come by no block of the write path */
  readonly definition?: RecordDefinition;
}

/** All tables with data of the data layer, by name. The history of migrations is made anew with each schema. */
const TABLES: ReadonlyMap<string, StoredTable> = new Map(
  [
    ...recordNames.map((name): StoredTable => {
      const definition: RecordDefinition = records[name];
      return { name: definition.table, since: definition.since, definition };
    }),
    { name: 'ingestion_checkpoints', since: 7 },
  ].map((table) => [table.name, table]),
);

/** Returns the names of the tables that a version of the schema has. */
export const tablesAt = (schemaVersion: number): string[] =>
  [...TABLES.values()].filter(({ since }) => since <= schemaVersion).map(({ name }) => name);

/** Returns the table of this name. Throws `ValidationError` when the data layer has none: names come from files. */
export function requireStoredTable(name: string, operation: string): StoredTable {
  const table = TABLES.get(name);
  if (table) return table;
  throw new ValidationError('table', `must be one of ${[...TABLES.keys()].join(', ')}`, { operation });
}
