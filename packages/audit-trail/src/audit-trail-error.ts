/**
 * - `DAMAGED`: head and files do not agree, so that nothing may be added until someone has looked at them.
 * - `KEY`: the trail is sealed with a key and none was given, or the other way round.
 * - `MISSING`: there is no trail in the directory.
 * - `LOCKED`: another process had the directory all the time.
 * - `CLOSED`: the trail is closed.
 */
export type AuditTrailErrorCode = 'DAMAGED' | 'KEY' | 'MISSING' | 'LOCKED' | 'CLOSED';

/** What an audit trail fails with, besides the errors of the file system. */
export class AuditTrailError extends Error {
  override readonly name = 'AuditTrailError';
  readonly code: AuditTrailErrorCode;

  constructor(code: AuditTrailErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}

/** The error's code, of this package or of the system (`ENOSPC`, `ENOENT`…), where it has one. */
export const codeOf = (error: unknown): string | undefined => (error as { code?: string } | undefined)?.code;
