import { errorOf } from './cache/error-of.js';

/** What a caller can tell a failure by. `field` is there for validation errors only. */
export interface Failure {
  code: string;
  field?: string;
}

/** How a call fails: the code (and field) of its error. Throws when it does not fail as {@link errorOf} wants. */
export async function failureOf(call: () => Promise<unknown>): Promise<Failure> {
  const error = await errorOf(call);
  return 'field' in error && typeof error.field === 'string'
    ? { code: error.code, field: error.field }
    : { code: error.code };
}
