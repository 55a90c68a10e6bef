import type { CallOptions } from './call.js';

/** One difference between the schema as it is and as the migrations make it. */
export interface SchemaDrift {
  /** `table market_data`, `column market_data.volume`, `index …`, `migration 2`. */
  object: string;
  /** What should be and what is, e.g. `type is Float64, expected Decimal(18, 8)`. */
  problem: string;
}

export interface SchemaReport {
  /** True when there is no drift and no migration is missing. */
  valid: boolean;
  version: number;
  drift: SchemaDrift[];
}

/** Creates, moves and checks the schema. */
export interface SchemaController {
  /** Applies all migrations. Safe to call at every start and from several processes at once. */
  initialize(options?: CallOptions): Promise<void>;

  /**
   * Moves up or down to a version; 0 is the empty schema. Going down drops what the undone migrations made, data included.
   * Throws `MigrationError` when the version does not exist or a statement fails; calling again resumes.
   */
  migrate(version: number, options?: CallOptions): Promise<void>;

  /** Compares the schema with its migrations and names every difference. Changes nothing. */
  validate(options?: CallOptions): Promise<SchemaReport>;

  /** The version the schema is at, 0 when nothing was migrated. */
  version(options?: CallOptions): Promise<number>;
}
