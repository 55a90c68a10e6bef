import { errorCode } from '@quantumtrade/dal-runtime/fs';

/**
 * - `DAMAGED`: head and files do not agree, so that nothing may be added until someone has looked at them.
 * - `KEY`: the trail is sealed with a key and none was given, or the other way round.
 * - `MISSING`: there is no trail in the directory.
 * - `LOCKED`: another process had the directory all the time.
 * - `CLOSED`: the trail is closed.
 * - `IO`: the file system refused; the message names the file, `cause` is its error.
 */
export type AuditTrailErrorCode = 'DAMAGED' | 'KEY' | 'MISSING' | 'LOCKED' | 'CLOSED' | 'IO';

/** What an audit trail fails with. */
export class AuditTrailError extends Error {
  override readonly name = 'AuditTrailError';
  readonly code: AuditTrailErrorCode;

  constructor(code: AuditTrailErrorCode, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.code = code;
  }
}

/** A failure of the file system as an error of the trail; one that is of the trail already stays as it is. */
export function asTrailError(directory: string, cause: unknown): AuditTrailError {
  if (cause instanceof AuditTrailError) return cause;
  const { path = directory } = cause as NodeJS.ErrnoException;
  const reason = `The audit trail cannot use ${path}: ${errorCode(cause) ?? 'it failed'}`;
  return new AuditTrailError('IO', reason, cause);
}
