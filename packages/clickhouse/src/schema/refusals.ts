import type { CallOptions } from '@quantumtrade/dal-domain';
import { isDatabaseError } from '@quantumtrade/dal-domain';
import type { Sql } from '../connection/sql.js';

/** Check before a conversion: it fails with its reason when stored rows do not fit. */
const CHECK = /^SELECT\s+throwIf\(.*?'([^']+)'\)/is;

/** Returns the reason of a failed check; undefined for any other statement or error. */
export function checkReason(statement: string, error: unknown): string | undefined {
  const hasThrown = isDatabaseError(error) && error.message.includes('FUNCTION_THROW_IF');
  return hasThrown ? CHECK.exec(statement)?.[1] : undefined;
}

/**
 * Runs the checks among the statements of a migration, which change nothing, and returns the reason of the first that fails with
 * the rows stored now. Skips a check that depends on statements before it.
 */
export async function findRefusal(
  sql: Sql,
  statements: readonly string[],
  options: CallOptions,
): Promise<string | undefined> {
  for (const statement of statements.filter((text) => CHECK.test(text))) {
    try {
      await sql.rows('schema.preview', statement, {}, options);
    } catch (error) {
      const reason = checkReason(statement, error);
      if (reason !== undefined) return reason;
      if (!isDatabaseError(error) || error.code !== 'QUERY') throw error;
    }
  }
  return undefined;
}
