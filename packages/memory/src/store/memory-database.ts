import type { RecordName, SchemaLoss } from '@quantumtrade/dal-domain';
import { recordNames, records } from '@quantumtrade/dal-domain';
import { newestMigration } from '@quantumtrade/dal-migrations';
import { MemoryTable } from './memory-table.js';

export type TableName = RecordName | 'checkpoints';

/** Version of the schema from which on the table of checkpoints exists. */
const CHECKPOINTS_SINCE = 7;
const TABLE_NAMES: readonly TableName[] = [...recordNames, 'checkpoints'];

const sinceOf = (name: TableName): number =>
  name === 'checkpoints' ? CHECKPOINTS_SINCE : records[name].since;

/** Tables with a version of the schema. */
export class MemoryDatabase {
  readonly tables = Object.fromEntries(
    recordNames.map((name) => [name, new MemoryTable(records[name])]),
  ) as unknown as Readonly<Record<RecordName, MemoryTable>>;
  readonly checkpoints = new Map<string, number>();
  #schemaVersion: number;

  constructor(schemaVersion = newestMigration) {
    this.#schemaVersion = schemaVersion;
  }

  get schemaVersion(): number {
    return this.#schemaVersion;
  }

  /** Moves to another version and clears the tables that do not exist in it. */
  migrate(version: number): void {
    this.#schemaVersion = version;
    for (const name of TABLE_NAMES) {
      if (this.hasTable(name)) continue;
      if (name === 'checkpoints') this.checkpoints.clear();
      else this.tables[name].clear();
    }
  }

  /** Returns the rows that a move to a version would delete, by table. */
  lossesAt(version: number): SchemaLoss[] {
    return TABLE_NAMES.filter((name) => this.hasTable(name) && sinceOf(name) > version).map((name) => ({
      object: `table ${tableName(name)}`,
      change: 'is dropped',
      rows: name === 'checkpoints' ? this.checkpoints.size : this.tables[name].rowCount,
    }));
  }

  hasTable(name: TableName): boolean {
    return sinceOf(name) <= this.#schemaVersion;
  }

  /** Returns the tables that exist, by the names that they have on a server. */
  existing(): ReadonlyMap<string, TableName> {
    const names = TABLE_NAMES.filter((name) => this.hasTable(name));
    return new Map(names.map((name) => [tableName(name), name]));
  }
}

const tableName = (name: TableName): string =>
  name === 'checkpoints' ? 'ingestion_checkpoints' : records[name].table;
