import type {
  CallOptions,
  SchemaController,
  SchemaPlan,
  SchemaPreview,
  SchemaReport,
  SchemaStatus,
} from '@quantumtrade/dal-domain';
import { MigrationError, requireSchemaVersion } from '@quantumtrade/dal-domain';
import { packagedMigrations } from '@quantumtrade/dal-migrations';
import type { Sql } from '../connection/sql.js';
import { recordBaseline, requireTables, requireUnrecorded } from '../schema/baseline.js';
import type { HistoryState } from '../schema/history.js';
import { withLocks } from '../schema/lock.js';
import type { Migration } from '../schema/migration-files.js';
import { loadMigrations } from '../schema/migration-files.js';
import { mergeSteps, migrateCopies, type LockedSchema } from '../schema/migration-run.js';
import { findRefusal } from '../schema/refusals.js';
import type { SchemaControllerOptions } from '../schema/schema-controller.js';
import { planSteps } from '../schema/schema-plan.js';
import { previewMove } from '../schema/schema-preview.js';
import { ServerSchema } from '../schema/server-schema.js';
import type { ClusterSettings } from '../settings.js';
import { findProblems, readClusterView } from './cluster-problems.js';
import {
  askServers,
  copyGroups,
  inLockOrder,
  onAll,
  type ClusterServer,
  type ServerAnswers,
} from './cluster-server.js';
import { mergePlans, mergePreviews, mergeReports, mergeStatuses } from './cluster-reports.js';
import { findEmptyCopy } from './empty-copies.js';
import { outdatedTables, refreshDistributed } from './distributed-tables.js';
import { readKeeperPaths } from './keeper-paths.js';
import { joinCopies } from './joined-copies.js';
import { REPLICATED } from './replicated-form.js';

/** Schema of a server of a cluster. */
export interface ClusterMember extends ClusterServer {
  readonly schema: ServerSchema;
}

interface LockedMember extends LockedSchema {
  readonly shard: string;
}

/**
 * Applies migrations on every server of a cluster. Each has a history of its own, and goes on where that ends. The locks of all servers are
 * held meanwhile. Afterwards each has tables in the database `…_distributed` that read all shards.
 */
export class ClusterSchemaController implements SchemaController {
  readonly #sql: Sql;
  readonly #cluster: ClusterSettings;
  readonly #directory: string;
  readonly #members: () => ClusterMember[];

  /** @param servers - the servers that are configured now */
  constructor(
    sql: Sql,
    servers: () => readonly ClusterServer[],
    cluster: ClusterSettings,
    { migrationsDirectory = packagedMigrations, ttls, lock }: SchemaControllerOptions = {},
  ) {
    this.#sql = sql;
    this.#cluster = cluster;
    this.#directory = migrationsDirectory;
    const form = cluster.copies === 'replicated' ? REPLICATED : undefined;
    this.#members = () =>
      servers().map((server) => {
        const { name } = server;
        return { ...server, schema: new ServerSchema(server.sql, { ttls, lock, name, form }) };
      });
  }

  /** Leaves a schema alone that a newer release has migrated further. */
  async initialize(options: CallOptions = {}): Promise<void> {
    await this.#move(Infinity, await this.#load('schema.initialize', options), options);
  }

  async migrate(version: number, options: CallOptions = {}): Promise<void> {
    await this.#move(version, await this.#loadFor(version, 'schema.migrate', options), options);
  }

  async preview(version?: number, options: CallOptions = {}): Promise<SchemaPreview> {
    const migrations = await this.#loadFor(version ?? 0, 'schema.preview', options);
    return mergePreviews(await this.#ask(({ schema }) => previewMove(schema, version, migrations, options)));
  }

  async plan(version?: number, options: CallOptions = {}): Promise<SchemaPlan> {
    const migrations = await this.#loadFor(version ?? 0, 'schema.plan', options);
    const histories = await this.#askAll(({ schema }) => schema.history.read(options));
    const steps = stepsOf(histories, version ?? Infinity, migrations);
    const { answered } = await this.#askAll(({ schema: { server, sql } }) =>
      planSteps(server, sql.database, steps, options),
    );
    const from = Math.min(...histories.answered.map(({ answer }) => answer.version));
    return { from, to: version ?? Math.max(from, migrations.length), steps: mergePlans(answered) };
  }

  async status(options: CallOptions = {}): Promise<SchemaStatus> {
    const migrations = await this.#load('schema.status', options);
    return mergeStatuses(
      await this.#ask(({ schema }) => schema.inspection.status(migrations, options)),
      migrations,
    );
  }

  async baseline(version: number, options: CallOptions = {}): Promise<void> {
    const operation = 'schema.baseline';
    const migrations = await this.#loadFor(version, operation, options);
    const taken = migrations.slice(0, version);
    const members = this.#members();
    await this.#inspect(members, version, operation, options);
    await onAll(members, ({ schema }) => requireTables(schema, version, options));
    await lockAll(members, options, async (locked) => {
      await onAll(members, ({ schema }) => requireUnrecorded(schema, taken, options));
      await onAll(locked, (each) => recordBaseline(each, taken, options));
      await this.#refresh(members, options);
    });
  }

  async version(options: CallOptions = {}): Promise<number> {
    this.#sql.checkOpen('schema.version', options);
    const { answered } = await this.#askAll(({ schema }) => schema.history.read(options));
    return Math.min(...answered.map(({ answer }) => answer.version));
  }

  async validate(options: CallOptions = {}): Promise<SchemaReport> {
    const operation = 'schema.validate';
    const migrations = await this.#load(operation, options);
    const answers = await this.#ask(async ({ sql, schema }) => ({
      view: await readClusterView({ sql }, this.#cluster, operation, options),
      report: await schema.inspection.validate(migrations, options),
      outdated: await outdatedTables(sql, this.#cluster.name, operation, options),
      paths: await readKeeperPaths(sql, operation, options),
    }));
    return mergeReports(this.#cluster, answers);
  }

  async #load(operation: string, options: CallOptions): Promise<Migration[]> {
    this.#sql.checkOpen(operation, options);
    return loadMigrations(this.#directory);
  }

  /** Returns all migrations. Throws `MigrationError` for an unknown version. */
  async #loadFor(version: number, operation: string, options: CallOptions): Promise<Migration[]> {
    const migrations = await this.#load(operation, options);
    requireSchemaVersion(version, migrations.length, operation);
    return migrations;
  }

  async #move(target: number, migrations: readonly Migration[], options: CallOptions): Promise<void> {
    const members = this.#members();
    const version = Number.isFinite(target) ? target : migrations.length;
    const { histories, isRefreshed } = await this.#inspect(members, version, 'schema.migrate', options);
    const steps = stepsOf(histories, target, migrations);
    if (steps.length === 0 && isRefreshed) return;
    if (target > 0) await requireNoRefusal(histories, target, migrations, options);
    await onAll(members, ({ schema }) => schema.createDatabase(options));
    await lockAll(members, options, async (locked) => {
      await onAll(copyGroups(locked, this.#cluster.copies), async (copies) => {
        if (copies.length > 1)
          await joinCopies(
            copies.map(({ schema }) => schema),
            options,
          );
        await migrateCopies(copies, target, migrations, options);
      });
      await this.#refresh(members, options);
    });
  }

  /** Reads what a move needs to know. Throws `MigrationError` when a server cannot be reached, or is not as it is configured. */
  async #inspect(
    members: readonly ClusterMember[],
    version: number,
    operation: string,
    options: CallOptions,
  ) {
    const { name, copies } = this.#cluster;
    const answers = await askServers(members, async ({ sql, schema }) => ({
      view: await readClusterView({ sql }, this.#cluster, operation, options),
      history: await schema.history.read(options),
      outdated: await outdatedTables(sql, name, operation, options),
    }));
    const [unreachable] = answers.unreachable;
    const refuse = (reason: string, cause?: unknown): never => {
      throw new MigrationError(version, `${reason}. Nothing was changed`, { operation, cause });
    };
    if (unreachable)
      refuse(
        `${unreachable.server.name} cannot be reached (${unreachable.error.message})`,
        unreachable.error,
      );
    const views = answers.answered.map(({ server, answer: { view } }) => ({ server, answer: view }));
    const endpoints = members.map(({ shard }) => shard);
    const [problem] = findProblems(this.#cluster, views, endpoints);
    if (problem) refuse(`${problem.server}: ${problem.problem}`);
    if (copies === 'written') {
      const written = answers.answered.map(({ server, answer: { history } }) => ({
        ...server,
        hasSchema: history.nextOrdinal > 0,
      }));
      const empty = await findEmptyCopy(written, operation, options);
      if (empty !== undefined) refuse(empty);
    }
    return {
      histories: {
        answered: answers.answered.map(({ server, answer: { history } }) => ({ server, answer: history })),
      },
      isRefreshed: answers.answered.every(({ answer: { outdated } }) => outdated.length === 0),
    };
  }

  #refresh(members: readonly ClusterMember[], options: CallOptions): Promise<void> {
    return onAll(members, ({ sql }) => refreshDistributed(sql, this.#cluster.name, options));
  }

  /** Asks all servers. Rejects when none can be reached. */
  async #ask<T>(ask: (server: ClusterMember) => Promise<T>): Promise<ServerAnswers<ClusterMember, T>> {
    const answers = await askServers(this.#members(), ask);
    if (answers.answered.length === 0) throw answers.unreachable[0]!.error;
    return answers;
  }

  /** Asks all servers. Rejects when one cannot be reached. */
  async #askAll<T>(ask: (server: ClusterMember) => Promise<T>): Promise<ServerAnswers<ClusterMember, T>> {
    const answers = await askServers(this.#members(), ask);
    const [unreachable] = answers.unreachable;
    if (unreachable) throw unreachable.error;
    return answers;
  }
}

type Histories = Pick<ServerAnswers<ClusterMember, HistoryState>, 'answered'>;

const stepsOf = ({ answered }: Histories, target: number, migrations: readonly Migration[]) =>
  mergeSteps(answered.map(({ answer }) => answer.stepsTo(target, migrations)));

/** Throws `MigrationError` when rows of a server stand in the way, before any server is changed. */
async function requireNoRefusal(
  { answered }: Histories,
  target: number,
  migrations: readonly Migration[],
  options: CallOptions,
): Promise<void> {
  await onAll([...answered], async ({ server, answer }) => {
    const down = answer
      .stepsTo(target, migrations)
      .filter(({ direction }) => direction === 'down')
      .flatMap(({ migration, from }) => migration.down.slice(from));
    const refusal = await findRefusal(server.sql, down, options);
    if (refusal === undefined) return;
    const reason = `${server.name}: ${refusal}. Nothing was changed`;
    throw new MigrationError(target, reason, { operation: 'schema.migrate' });
  });
}

/** Works while the locks of all servers are held. */
function lockAll<T>(
  members: readonly ClusterMember[],
  options: CallOptions,
  work: (locked: readonly LockedMember[]) => Promise<T>,
): Promise<T> {
  const ordered = inLockOrder(members);
  const locks = ordered.map(({ schema }) => schema.lock);
  return withLocks(locks, options, (leases) =>
    work(ordered.map(({ schema, shard }, index) => ({ schema, shard, lease: leases[index]! }))),
  );
}
