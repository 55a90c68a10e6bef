import { MigrationError, ValidationError } from '../errors.js';
import type { CallOptions } from './call.js';

/** One difference between the actual schema and the one that the migrations create. */
export interface SchemaDrift {
  /**
   * `table market_data`, `column market_data.volume`, `index …`, `migration 2`. On a cluster it begins with the server:
   * `ch-2:8123: column market_data.volume`, or `ch-2:8123` alone for what the server itself has wrong.
   */
  object: string;
  /** Expected and actual state, e.g. `type is Float64, expected Decimal(18, 8)`. */
  problem: string;
}

export interface SchemaReport {
  /** True when there is no drift and no migration is missing. */
  valid: boolean;
  version: number;
  drift: SchemaDrift[];
}

/** Data that a migration deletes, or changes on its way down. */
export interface SchemaLoss {
  /** `table market_data`, `column market_data.volume`. */
  object: string;
  /** Change of the object, e.g. `is dropped`. */
  change: string;
  /** Rows that it has now, all versions of a row counted, and one copy of each shard. */
  rows: number;
  /** Current size on disk in bytes, on all servers; undefined when the store cannot report it. */
  bytes?: number | undefined;
}

/** Effects of a move to a version. */
export interface SchemaPreview {
  from: number;
  to: number;
  /** True while the database is as if it had just been created: nothing was migrated, and there are no tables. */
  isNew: boolean;
  losses: SchemaLoss[];
  /** Why `migrate` would fail now, such as a row that stands in the way or a server that cannot be reached; undefined when nothing is known. */
  refusal?: string;
}

/**
 * Place of a statement in a change without downtime: it expands the schema beside what is in use, fills the new part from the old one, or
 * removes the old part when no program uses it. A `check` only reads, and fails where stored rows stand in the way.
 */
export type SchemaPhase = 'check' | 'expand' | 'backfill' | 'contract';

/** One statement that a migration runs, and its effect on the programs that use the tables meanwhile. */
export interface SchemaStep {
  version: number;
  name: string;
  direction: 'up' | 'down';
  phase: SchemaPhase;
  statement: string;
  /** Calls that wait for the statement, and calls that it waits for, e.g. `nothing waits`. */
  blocks: string;
  /** Rows and bytes on disk that are written anew; undefined for a statement that writes none. */
  rewrites?: { rows: number; bytes: number } | undefined;
  losses: SchemaLoss[];
}

/** Statements of a move to a version, in their order. */
export interface SchemaPlan {
  from: number;
  to: number;
  steps: SchemaStep[];
}

/** A migration of the history, or of the files. */
export interface SchemaMigration {
  version: number;
  /** Undefined for a store that has versions without files. */
  name?: string | undefined;
}

/** A migration that stopped between two statements, or runs in another process. */
export interface UnfinishedMigration extends SchemaMigration {
  direction: 'up' | 'down';
  /** Statements done, and all of them. */
  done: number;
  statements: number;
  /** Server of a cluster on which it stopped, e.g. `ch-2:8123`. @default none: there is one */
  server?: string | undefined;
  /** Progress of the next statement, if it fills a table partition by partition. */
  backfill?: { table: string; partitionsDone: number; partitions: number } | undefined;
}

/** Schema of one server of a cluster. */
export interface ServerSchemaVersion {
  /** Host and port, e.g. `ch-2:8123`. */
  name: string;
  shard: string;
  /** Undefined while it is not known. */
  version?: number | undefined;
  /** Reason for which the version is not known. */
  error?: string | undefined;
}

/** State of a schema. */
export interface SchemaStatus {
  /** On a cluster the lowest of those of the servers. */
  version: number;
  newest: number;
  /** On a cluster those that are applied on every server. */
  applied: (SchemaMigration & { appliedAt?: Date | undefined })[];
  unfinished: UnfinishedMigration[];
  pending: SchemaMigration[];
  /** The servers of a cluster. @default none: there is one */
  servers?: ServerSchemaVersion[] | undefined;
}

/** Creates, moves and checks the schema. */
export interface SchemaController {
  /**
   * Applies all migrations. A table that was dropped by hand is not created again: `validate` reports it.
   * Safe to call at every start and from several processes at once.
   */
  initialize(options?: CallOptions): Promise<void>;

  /**
   * Moves up or down to a version; 0 is the empty schema. A down migration drops what the undone ones created, data included,
   * without confirmation: call `preview` first to see the losses.
   * Throws `MigrationError` when the version does not exist or a statement fails; calling again resumes.
   */
  migrate(version: number, options?: CallOptions): Promise<void>;

  /**
   * Returns the effects of `migrate` to a version, by default the newest. Changes nothing. Throws `MigrationError` when the
   * version does not exist.
   */
  preview(version?: number, options?: CallOptions): Promise<SchemaPreview>;

  /**
   * Returns the statements of a move to a version, by default the newest, with what each blocks, rewrites and loses with the rows stored now.
   * Changes nothing. A store without statements has no steps. Throws `MigrationError` when the version does not exist.
   */
  plan(version?: number, options?: CallOptions): Promise<SchemaPlan>;

  /** Returns which migrations are applied, stopped half-way and pending. Changes nothing. */
  status(options?: CallOptions): Promise<SchemaStatus>;

  /**
   * Notes the migrations up to a version as applied without running them, for tables that were made in another way. Throws `MigrationError`
   * when the schema has a history, or when the tables differ from those that the migrations create.
   */
  baseline(version: number, options?: CallOptions): Promise<void>;

  /** Compares the schema with its migrations and names every difference. Changes nothing. */
  validate(options?: CallOptions): Promise<SchemaReport>;

  /** Returns the version of the schema, 0 when nothing was migrated. */
  version(options?: CallOptions): Promise<number>;
}

/** Throws `ValidationError` for a value that is no number, and `MigrationError` for an unknown version. */
export function requireSchemaVersion(version: unknown, newest: number, operation: string): void {
  if (typeof version !== 'number') throw new ValidationError('version', 'must be a number', { operation });
  if (Number.isInteger(version) && version >= 0 && version <= newest) return;
  throw new MigrationError(version, `does not exist, the newest is ${newest}`, { operation });
}
