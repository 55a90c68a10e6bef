import { DirectoryLockedError, errorCode } from '@quantumtrade/dal-runtime/fs';

/**
 * - `LOCKED`: another journal of this or another process has the directory open.
 * - `DISK_FULL`: no space or quota is left on the disk. The append may succeed later.
 * - `IO`: another disk failure.
 * - `TOO_LARGE`: the record exceeds `maxBytes` or the limit of the format.
 * - `TIMEOUT`: the deadline passed.
 * - `CLOSED`: the journal is closed or closing.
 * - `INVALID`: an argument is invalid.
 */
export type JournalErrorCode = 'LOCKED' | 'DISK_FULL' | 'IO' | 'TOO_LARGE' | 'TIMEOUT' | 'CLOSED' | 'INVALID';

export interface JournalErrorDetails {
  cause?: unknown;
  /** @default false */
  mayBeJournaled?: boolean;
}

/** Error of a journal. Contains neither ids nor payloads. */
export class JournalError extends Error {
  override readonly name = 'JournalError';
  readonly code: JournalErrorCode;
  /**
   * Whether the bytes of a failed append had been passed to the disk, so that the record may still be delivered, now or after
   * a restart. With `false` it never will be.
   */
  readonly mayBeJournaled: boolean;

  constructor(code: JournalErrorCode, message: string, details: JournalErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.code = code;
    this.mayBeJournaled = details.mayBeJournaled ?? false;
  }
}

/** Returns the journal's error for a failed disk operation. */
export function diskError(message: string, cause: unknown, mayBeJournaled = false): JournalError {
  if (cause instanceof JournalError) return cause;
  if (cause instanceof DirectoryLockedError) {
    const reason = `Journal ${cause.directory} is in use by process ${cause.holder}`;
    return new JournalError('LOCKED', reason, { cause });
  }
  const code = errorCode(cause);
  const { path } = (cause ?? {}) as NodeJS.ErrnoException;
  const full = code === 'ENOSPC' || code === 'EDQUOT';
  return new JournalError(
    full ? 'DISK_FULL' : 'IO',
    `${message}: ${code ?? 'failed'}${path === undefined ? '' : ` (${path})`}`,
    {
      cause,
      mayBeJournaled,
    },
  );
}
