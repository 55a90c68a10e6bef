import { inspect } from 'node:util';
import type { DatabaseError } from '@quantumtrade/dal-domain';
import { isDatabaseError } from '@quantumtrade/dal-domain';

/** The data layer's error that a call rejects with. Throws when it succeeds, throws synchronously, or fails otherwise. */
export async function errorOf(call: () => Promise<unknown>): Promise<DatabaseError> {
  const pending = call();
  try {
    await pending;
  } catch (error) {
    if (isDatabaseError(error)) return error;
    throw error;
  }
  throw new Error('the call should have failed');
}

/** Everything that anyone could print of an error. */
export function everythingOf(error: unknown): string {
  return [
    String(error),
    error instanceof Error ? error.stack : '',
    JSON.stringify(error),
    JSON.stringify(error, Object.getOwnPropertyNames(error)),
    inspect(error, { depth: null, showHidden: true }),
  ].join('\n');
}
