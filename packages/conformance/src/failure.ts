import { isDatabaseError } from '@quantumtrade/dal-domain';

/** What a caller can tell a failure by. `field` is there for validation errors only. */
export interface Failure {
  code: string;
  field?: string;
}

/** How a call fails: the code (and field) of its error. Throws when it succeeds, throws synchronously, or fails otherwise. */
export async function failureOf(call: () => Promise<unknown>): Promise<Failure> {
  const pending = call();
  try {
    await pending;
  } catch (error) {
    if (!isDatabaseError(error)) throw error;
    return 'field' in error && typeof error.field === 'string'
      ? { code: error.code, field: error.field }
      : { code: error.code };
  }
  throw new Error('the call should have failed');
}
