import type { Failure } from '../classify-failure.js';
import type { AttemptEvidence } from './endpoint-health.js';

/** Returns what a failed attempt says about its server; undefined for nothing: this host could not send it. */
export function evidenceOf({
  code,
  kind,
  retryable,
  elsewhere,
  missing,
}: Failure): AttemptEvidence | undefined {
  // The statement may be wrong, until another server has the table.
  if (missing !== undefined) return 'answer';
  if (code !== 'CONNECTION') return code === 'QUERY' && (retryable || elsewhere) ? 'server-error' : 'answer';
  if (kind === 'LOGIN_REFUSED') return 'server-error';
  return elsewhere ? 'connection-error' : undefined;
}

/** Returns the system's code of a connection error, e.g. `ECONNREFUSED`, else the domain's code. */
export function errorCodeOf({ code, cause }: Failure): string {
  return String((cause as { readonly code?: unknown } | undefined)?.code ?? code);
}
