import type { CallOptions, SchemaController, TimeSource } from '@quantumtrade/dal-domain';
import { requireWholeNumber, ValidationError } from '@quantumtrade/dal-domain';
import type {
  BackupBackend,
  CreateTargetOptions,
  DatabaseSnapshot,
  RestoreTarget,
} from '@quantumtrade/dal-domain/operations';
import { CREATE_TARGET_OPTIONS, requireDatabaseName } from '@quantumtrade/dal-domain/operations';
import { allOf } from '@quantumtrade/dal-runtime';
import { byShard, inLockOrder, onAll, type ClusterServer } from '../cluster/cluster-server.js';
import { ClusterSchemaController } from '../cluster/cluster-schema.js';
import { distributedDatabase, refreshDistributed } from '../cluster/distributed-tables.js';
import type { ClickHouseClient } from '../connection/clickhouse-client.js';
import type { Sql } from '../connection/sql.js';
import { ClickHouseSchemaController, type SchemaControllerOptions } from '../schema/schema-controller.js';
import { dropAbandoned, removeDatabase } from '../schema/scratch-databases.js';
import { DatabaseClone, CLONES } from './database-clone.js';
import { JoinedSnapshot } from './joined-snapshot.js';
import { promote } from './promotion.js';
import { SideDatabase } from './restore-target.js';
import { SideServers } from './side-servers.js';
import { tablesAt } from './stored-tables.js';
import {
  CREATE_RESTORED,
  databaseId,
  findRestored,
  MARK_UNFINISHED,
  requireReplaceable,
} from './unfinished-restore.js';

/** Backups and restores of a database: that of one server, or that of a cluster whose copies are written. */
export class ClickHouseBackups implements BackupBackend {
  readonly #sql: Sql;
  readonly #client: Pick<ClickHouseClient, 'allTables' | 'cluster' | 'layout'>;
  readonly #servers: () => readonly ClusterServer[];
  readonly #clock: TimeSource;
  readonly #schema: SchemaControllerOptions;

  /**
   * @param sql statements in the database
   * @param servers those that are configured now
   */
  constructor(
    sql: Sql,
    client: Pick<ClickHouseClient, 'allTables' | 'cluster' | 'layout'>,
    servers: () => readonly ClusterServer[],
    clock: TimeSource,
    schema: SchemaControllerOptions,
  ) {
    this.#sql = sql;
    this.#client = client;
    this.#servers = servers;
    this.#clock = clock;
    this.#schema = schema;
  }

  async snapshot(options: CallOptions = {}): Promise<DatabaseSnapshot> {
    const operation = 'backup.snapshot';
    this.#sql.checkOpen(operation, options);
    const servers = this.#servers();
    const shards = byShard(servers).map(([server]) => server!.shard);
    if (this.#client.cluster?.copies === 'written') return this.#joinedSnapshot(servers, shards, options);
    if (shards.length === 1) return DatabaseClone.take(this.#sql, this.#clock, options);
    const reason = 'are of several shards, which are backed up as one only in a cluster with written copies';
    throw new ValidationError('endpoints', reason, { operation });
  }

  async createTarget(
    database: string,
    schemaVersion: number,
    targetOptions: CreateTargetOptions = {},
  ): Promise<RestoreTarget> {
    const operation = 'restore.createTarget';
    const inUse = this.#targets(operation, targetOptions, CREATE_TARGET_OPTIONS);
    const { replaceIdleMs, ...options } = targetOptions;
    requireDatabaseName('database', database, operation);
    requireWholeNumber('schemaVersion', schemaVersion, operation);
    requireWholeNumber('replaceIdleMs', replaceIdleMs, operation);
    const servers = inUse.map((server) => ({ ...server, sql: server.sql.on(database) }));
    await this.#dropUnfinished(servers, replaceIdleMs, operation, options);
    /** Identifiers of what was created; undefined until they are known. */
    const created = new Map<ClusterServer, string | undefined>();
    // A restore that stalled may have been replaced by another one.
    const isOwn = async (server: ClusterServer) => {
      const id = created.get(server);
      return id === undefined || id === (await databaseId(server.sql, operation));
    };
    const remove = () =>
      onAll([...created.keys()], async (server) => {
        if (await isOwn(server)) await this.#remove(server.sql, operation);
      });
    const schema = this.#schemaOf(database, servers);
    try {
      await onAll(servers, async (server) => {
        const system = server.sql.on('system');
        await system.command(operation, CREATE_RESTORED, { database }, options);
        created.set(server, undefined);
        created.set(server, await databaseId(server.sql, operation, options));
        await system.command(operation, MARK_UNFINISHED, { database }, options);
      });
      await schema.migrate(schemaVersion, options);
      const { layout } = this.#client;
      return await SideDatabase.open(
        {
          servers: new SideServers(database, servers, layout),
          tables: tablesAt(schemaVersion),
          checkOpen: (name, call) => this.#sql.checkOpen(name, call),
          ...{ schema, remove, isOwn },
        },
        options,
      );
    } catch (error) {
      await remove().catch(() => undefined);
      throw error;
    }
  }

  async promote(database: string, keepAs: string, options: CallOptions = {}): Promise<void> {
    const operation = 'restore.promote';
    const servers = inLockOrder(this.#targets(operation, options));
    requireDatabaseName('database', database, operation);
    requireDatabaseName('keepAs', keepAs, operation);
    const statements = servers.map(({ sql }) => sql);
    await promote(statements, database, keepAs, options);
    const { cluster } = this.#client;
    if (!cluster) return;
    await onAll(statements, async (sql) => {
      await refreshDistributed(sql, cluster.name, options);
      await removeDatabase(sql.on('system'), operation, distributedDatabase(database));
    });
  }

  async #joinedSnapshot(
    servers: readonly ClusterServer[],
    shards: readonly string[],
    options: CallOptions,
  ): Promise<DatabaseSnapshot> {
    const tables = this.#client.allTables();
    const [clones] = await Promise.all([
      Promise.allSettled(
        shards.map((shard) => DatabaseClone.take(tables.shard(Number(shard)), this.#clock, options)),
      ),
      // Each copy may have a database of a drill; one that is down keeps it until a later snapshot.
      Promise.allSettled(servers.map(({ sql }) => dropAbandoned(sql.on('system'), CLONES, options))),
    ]);
    const taken = clones.flatMap((clone) => (clone.status === 'fulfilled' ? [clone.value] : []));
    try {
      for (const clone of clones) if (clone.status === 'rejected') throw clone.reason;
      return new JoinedSnapshot(taken);
    } catch (error) {
      await Promise.allSettled(taken.map((clone) => clone.release()));
      throw error;
    }
  }

  /** Returns the servers that get restored tables: the only one, or all of a cluster with written copies. Throws `ValidationError` for others. */
  #targets(operation: string, options: CallOptions, known?: readonly string[]): readonly ClusterServer[] {
    this.#sql.checkOpen(operation, options, known);
    const { cluster } = this.#client;
    const servers = this.#servers();
    if (cluster ? cluster.copies === 'written' : servers.length === 1) return servers;
    const reason =
      'must be those of a cluster with written copies, or one server that gets the restored tables';
    throw new ValidationError('endpoints', reason, { operation });
  }

  #schemaOf(database: string, servers: readonly ClusterServer[]): SchemaController {
    const { cluster } = this.#client;
    const sql = this.#sql.on(database);
    return cluster
      ? new ClusterSchemaController(sql, () => servers, cluster, this.#schema)
      : new ClickHouseSchemaController(sql, this.#schema);
  }

  /** Names of a side database and, in a cluster, of that with the tables which read all shards of it. */
  #namesOf(database: string): string[] {
    return this.#client.cluster ? [distributedDatabase(database), database] : [database];
  }

  /** Drops an unfinished restore of the same name. Throws `ValidationError`, before anything is dropped, for any other database. */
  async #dropUnfinished(
    servers: readonly ClusterServer[],
    replaceIdleMs: number | undefined,
    operation: string,
    options: CallOptions,
  ): Promise<void> {
    const found = await allOf(servers.map(({ sql }) => findRestored(sql, operation, options)));
    requireReplaceable(
      found.filter((each) => each !== undefined),
      replaceIdleMs,
      operation,
    );
    const there = servers.filter((_, n) => found[n] !== undefined);
    const others = servers.filter((server) => !there.includes(server));
    await onAll(others, ({ sql }) => this.#requireNew(sql, operation, options));
    await onAll(there, ({ sql }) => this.#remove(sql, operation));
  }

  async #requireNew(sql: Sql, operation: string, options: CallOptions): Promise<void> {
    const [found] = await sql
      .on('system')
      .rows<{ name: string }>(
        operation,
        'SELECT name FROM system.databases WHERE name IN {names:Array(String)}',
        { names: this.#namesOf(sql.database) },
        options,
      );
    if (found)
      throw new ValidationError('database', `the database ${found.name} exists already`, { operation });
  }

  async #remove(sql: Sql, operation: string): Promise<void> {
    for (const name of this.#namesOf(sql.database)) await removeDatabase(sql.on('system'), operation, name);
  }
}
