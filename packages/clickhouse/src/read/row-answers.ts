import type { CallOptions, RecordDefinition } from '@quantumtrade/dal-domain';
import { QueryError } from '@quantumtrade/dal-domain';
import type { DecodedBlock } from '../codec/read/block-parser.js';
import type { Sql } from '../connection/sql.js';
import { planSingleVersions } from '../query/plan-rows.js';
import type { RowRead } from '../query/row-query.js';
import type { PlannedQuery } from '../query/rule.js';
import { RepeatedKeys } from './repeated-keys.js';

/** Time for which versions are merged by the engine after a key came twice, in milliseconds. */
const MERGED_MS = 60_000;

/**
 * Reads rows of one table. Large reads in the order of the key leave versions unmerged; when a key comes twice, the rows are read
 * again, merged by the engine.
 */
export class RowAnswers {
  readonly #definition: RecordDefinition;
  #mergedUntil = -Infinity;

  constructor(definition: RecordDefinition) {
    this.#definition = definition;
  }

  /**
   * Returns what `convert` makes of each block, called while blocks arrive.
   * @param merged plan of the read by `planRows`
   */
  async read<T>(
    sql: Sql,
    operation: string,
    read: RowRead,
    merged: PlannedQuery,
    options: CallOptions | undefined,
    convert: (block: DecodedBlock) => T,
  ): Promise<T[]> {
    const isMerged = performance.now() < this.#mergedUntil;
    const single = isMerged ? undefined : planSingleVersions(read);
    if (single) {
      const parts = await this.#readSingle(sql, operation, single, options, convert);
      if (parts) return parts;
    }
    const next = single ? sql.continuing : sql;
    return next.collect(operation, merged.sql, merged.params, options, convert, merged.settings);
  }

  /** Returns undefined when the engine has to merge versions. */
  async #readSingle<T>(
    sql: Sql,
    operation: string,
    { sql: query, params, settings }: PlannedQuery,
    options: CallOptions | undefined,
    convert: (block: DecodedBlock) => T,
  ): Promise<T[] | undefined> {
    const keys = new RepeatedKeys(this.#definition);
    const checked = (block: DecodedBlock): T[] => {
      keys.check(block);
      return keys.isFound ? [] : [convert(block)];
    };
    try {
      const parts = await sql.collect(operation, query, params, options, checked, settings);
      if (!keys.isFound) return parts.flat(1) as T[];
      this.#mergedUntil = performance.now() + MERGED_MS;
      return undefined;
    } catch (error) {
      // An older version may be what cannot be read, such as text that is not UTF-8.
      if (error instanceof QueryError && !error.retryable && error.kind === undefined) return undefined;
      throw error;
    }
  }
}
