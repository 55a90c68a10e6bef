import { errorCode } from '@quantumtrade/dal-runtime/fs';

/**
 * - `DAMAGED`: head and files disagree. Nothing is added before an administrator has examined them.
 * - `KEY`: the trail is sealed with a key and none was given, or vice versa.
 * - `MISSING`: there is no trail in the directory.
 * - `LOCKED`: other processes held the directory until the timeout.
 * - `CLOSED`: the trail is closed.
 * - `IO`: the file system failed. The message names the file, `cause` is its error.
 */
export type AuditTrailErrorCode = 'DAMAGED' | 'KEY' | 'MISSING' | 'LOCKED' | 'CLOSED' | 'IO';

/** Error of an audit trail. */
export class AuditTrailError extends Error {
  override readonly name = 'AuditTrailError';
  readonly code: AuditTrailErrorCode;

  constructor(code: AuditTrailErrorCode, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.code = code;
  }
}

/** Returns an error of the file system as an error of the trail. An error of the trail is returned unchanged. */
export function toTrailError(directory: string, cause: unknown): AuditTrailError {
  if (cause instanceof AuditTrailError) return cause;
  const { path = directory } = cause as NodeJS.ErrnoException;
  const reason = `The audit trail cannot use ${path}: ${errorCode(cause) ?? 'it failed'}`;
  return new AuditTrailError('IO', reason, cause);
}
