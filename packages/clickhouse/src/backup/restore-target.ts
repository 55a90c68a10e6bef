import type { CallOptions, SchemaController } from '@quantumtrade/dal-domain';
import { QueryError, ValidationError } from '@quantumtrade/dal-domain';
import type {
  ContentOptions,
  PartitionContent,
  ReplayedBlock,
  RestoreTarget,
} from '@quantumtrade/dal-domain/operations';
import { allOf } from '@quantumtrade/dal-runtime';
import { onAll, type ClusterServer } from '../cluster/cluster-server.js';
import { partitionsOf } from '../schema/partitions.js';
import { replayBlocks } from './replay-blocks.js';
import type { SideServers } from './side-servers.js';
import { requireStoredTable } from './stored-tables.js';
import { columnsOf, joinContents, readContent } from './table-content.js';
import { finishRestore } from './unfinished-restore.js';

interface SideParts {
  readonly servers: SideServers;
  /** That of the database. */
  readonly schema: SchemaController;
  readonly tables: readonly string[];
  /** Whether the database of a server is still the one that was created. */
  readonly isOwn: (server: ClusterServer) => Promise<boolean>;
  /** Drops the database on all servers, where it is still the one that was created. */
  readonly remove: () => Promise<void>;
  /** Checks the options of a call. */
  readonly checkOpen: (operation: string, options: CallOptions) => void;
}

/** A database that is filled by a restore, on one server or on all of a cluster. */
export class SideDatabase implements RestoreTarget {
  readonly #parts: SideParts;
  /** Whether merges, which copies make at times of their own, may have removed older versions of rows. */
  #isMerged = false;

  private constructor(parts: SideParts) {
    this.#parts = parts;
  }

  /** Stops the merges of its tables: they would remove older versions of rows before the content is compared. */
  static async open(parts: SideParts, options: CallOptions): Promise<SideDatabase> {
    const side = new SideDatabase(parts);
    await side.#switchMerges('restore.createTarget', 'STOP', options);
    return side;
  }

  get database(): string {
    return this.#parts.servers.database;
  }

  async store(
    table: string,
    id: string,
    rows: number,
    block: Uint8Array,
    options: CallOptions = {},
  ): Promise<void> {
    const operation = 'restore.store';
    this.#parts.checkOpen(operation, options);
    const insert = { token: id, bytes: block, rowCount: rows, isZstd: true, retried: true };
    await this.#parts.servers.insert(operation, requireStoredTable(table, operation), insert, options);
  }

  async replay(table: string, blocks: readonly ReplayedBlock[], options: CallOptions = {}): Promise<void> {
    this.#parts.checkOpen('restore.replay', options);
    await replayBlocks(this.#parts.servers, table, blocks, options);
  }

  async content(table: string, options: ContentOptions = {}): Promise<readonly PartitionContent[]> {
    const operation = 'restore.content';
    const { partitions, ...limits } = options;
    this.#parts.checkOpen(operation, limits);
    requireStoredTable(table, operation);
    const contentOf = async ({ sql }: ClusterServer) => {
      const server = sql.on('system');
      const columns = await columnsOf(server, this.database, table, operation, limits);
      const wanted = partitions ?? (await partitionsOf(server, this.database, table, operation, limits));
      return readContent(sql, table, columns, wanted, operation, limits);
    };
    const shards = this.#parts.servers.shards.map(async (copies) => {
      if (this.#isMerged) return contentOf(copies[0]!);
      const contents = await allOf(copies.map(contentOf));
      requireEqual(table, copies, contents);
      return contents[0]!;
    });
    return joinContents(await allOf(shards));
  }

  async migrate(options: CallOptions = {}): Promise<number> {
    const operation = 'restore.migrate';
    const { checkOpen, schema } = this.#parts;
    checkOpen(operation, options);
    this.#isMerged = true;
    await this.#switchMerges(operation, 'START', options);
    await schema.initialize(options);
    return schema.version(options);
  }

  async complete(options: CallOptions = {}): Promise<void> {
    const operation = 'restore.complete';
    const { checkOpen, servers, isOwn } = this.#parts;
    checkOpen(operation, options);
    if ((await allOf(servers.all.map(isOwn))).includes(false)) {
      const reason = `the database ${this.database} was replaced by another restore`;
      throw new ValidationError('database', reason, { operation });
    }
    await onAll(servers.all, ({ sql }) => finishRestore(sql, operation, options));
  }

  async drop(options: CallOptions = {}): Promise<void> {
    this.#parts.checkOpen('restore.drop', options);
    await this.#parts.remove();
  }

  #switchMerges(operation: string, to: 'START' | 'STOP', options: CallOptions): Promise<void> {
    const { servers, tables } = this.#parts;
    return onAll(servers.all, async ({ sql }) => {
      for (const table of tables) await sql.command(operation, `SYSTEM ${to} MERGES ${table}`, {}, options);
    });
  }
}

/** Throws `QueryError` unless all copies of a shard have the same content. */
function requireEqual(
  table: string,
  copies: readonly ClusterServer[],
  contents: readonly (readonly PartitionContent[])[],
): void {
  const [first, ...others] = contents.map((content) => JSON.stringify(content));
  const other = others.findIndex((content) => content !== first);
  if (other < 0) return;
  const reason = `${copies[0]!.name} and ${copies[other + 1]!.name} have other rows of ${table}`;
  throw new QueryError(`CONTENT ${table}`, reason, { operation: 'restore.content' });
}
