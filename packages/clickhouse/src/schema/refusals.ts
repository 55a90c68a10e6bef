import type { CallOptions } from '@quantumtrade/dal-domain';
import { isDatabaseError } from '@quantumtrade/dal-domain';
import type { Sql } from '../connection/sql.js';

/** A statement that refuses to continue because of the rows it finds, with its reason. */
const GUARD = /^SELECT\s+throwIf\(.*?'([^']+)'\)/is;

/** Returns the reason that a guard gives for the error; undefined for any other statement or error. */
export function guardReason(statement: string, error: unknown): string | undefined {
  const hasThrown = isDatabaseError(error) && error.message.includes('FUNCTION_THROW_IF');
  return hasThrown ? GUARD.exec(statement)?.[1] : undefined;
}

/**
 * Runs the guards among the statements of a migration, which change nothing, and returns the reason of the first one that refuses
 * the rows stored now. A guard that cannot run before the statements that precede it is passed over.
 */
export async function findRefusal(
  sql: Sql,
  statements: readonly string[],
  options: CallOptions,
): Promise<string | undefined> {
  for (const statement of statements.filter((text) => GUARD.test(text))) {
    try {
      await sql.rows('schema.preview', statement, {}, options);
    } catch (error) {
      const reason = guardReason(statement, error);
      if (reason !== undefined) return reason;
      if (!isDatabaseError(error) || error.code !== 'QUERY') throw error;
    }
  }
  return undefined;
}
