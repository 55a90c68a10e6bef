import { isDatabaseError } from '@quantumtrade/dal-domain';
import type { AttemptEvidence } from './endpoint-health.js';

/** Returns what the error of an attempt says about the server. */
export function evidenceOf(error: unknown): AttemptEvidence {
  if (!isDatabaseError(error)) return 'answer';
  if (error.code === 'CONNECTION') {
    return 'kind' in error && error.kind === 'LOGIN_REFUSED' ? 'server-error' : 'connection-error';
  }
  return error.code === 'QUERY' && error.retryable ? 'server-error' : 'answer';
}

/** Returns the system's code of a connection error, e.g. `ECONNREFUSED`, else the domain's code. */
export function errorCodeOf(error: unknown): string {
  if (!isDatabaseError(error)) return 'UNKNOWN';
  const { cause, code } = error as { readonly cause?: { readonly code?: unknown }; readonly code: string };
  return String(cause?.code ?? code);
}
