import type { CallOptions } from '@quantumtrade/dal-domain';
import { columnOf } from '@quantumtrade/dal-domain';
import { allOf } from '@quantumtrade/dal-runtime';
import { byShard, type ClusterServer } from '../cluster/cluster-server.js';
import { type ShardLayout, shardFieldOf } from '../cluster/shard-layout.js';
import type { InsertSelection, Sql, SqlBlock } from '../connection/sql.js';
import type { StoredTable } from './stored-tables.js';
import { columnsOf } from './table-content.js';

/** The shard of rows that are not spread over shards. */
const FIRST_SHARD = 1;

/** The servers of a database that is filled by a restore, and where each row is stored on them. */
export class SideServers {
  readonly database: string;
  /** With statements in the database. */
  readonly all: readonly ClusterServer[];
  /** Undefined where there is one shard. */
  readonly layout: ShardLayout | undefined;

  constructor(database: string, all: readonly ClusterServer[], layout: ShardLayout | undefined) {
    this.database = database;
    this.all = all;
    this.layout = layout;
  }

  /** The copies of each shard that has a server. */
  get shards(): readonly (readonly ClusterServer[])[] {
    return byShard(this.all);
  }

  /** Numbers of the shards that rows of a table are spread over. */
  shardsOf({ definition }: StoredTable): readonly number[] {
    return (definition && this.layout?.shards) ?? [FIRST_SHARD];
  }

  /** Works on every copy of a shard at once, and waits for all. */
  async onCopies(shard: number, work: (sql: Sql) => Promise<unknown>): Promise<void> {
    const copies = this.layout ? this.all.filter((server) => server.shard === String(shard)) : this.all;
    await allOf(copies.map(({ sql }) => work(sql)));
  }

  /** Stores the rows of a block that belong to each shard of its table, on all copies. */
  async insert(
    operation: string,
    table: StoredTable,
    block: Omit<SqlBlock, 'table'>,
    options: CallOptions,
  ): Promise<void> {
    const shards = this.shardsOf(table);
    await allOf(
      shards.map((shard) =>
        this.onCopies(shard, async (sql) => {
          const selection =
            shards.length > 1 ? await this.selectionOf(sql, table, shard, operation, options) : undefined;
          await sql.insert(
            operation,
            { ...block, table: table.name, ...(selection && { selection }) },
            options,
          );
        }),
      ),
    );
  }

  /** Returns the condition by which a server finds the rows of its shard. The layout must have several. */
  async selectionOf(
    sql: Sql,
    { name, definition }: StoredTable,
    shard: number,
    operation: string,
    options: CallOptions,
  ): Promise<InsertSelection> {
    const columns = await columnsOf(sql.on('system'), this.database, name, operation, options);
    return {
      columns,
      condition: `${this.layout!.expression(columnOf(shardFieldOf(definition!)))} = ${shard}`,
    };
  }
}
