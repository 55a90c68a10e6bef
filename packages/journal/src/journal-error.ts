import { DirectoryLockedError, errorCode } from '@quantumtrade/dal-runtime/fs';

/**
 * - `LOCKED`: another journal, of this or another process, has the directory open.
 * - `DISK_FULL`: no space or quota left on the disk. The same append works again once there is room.
 * - `IO`: the disk failed otherwise.
 * - `TOO_LARGE`: the record can never fit into `maxBytes`, or is over the format's limit.
 * - `TIMEOUT`: the deadline passed.
 * - `CLOSED`: the journal is closed or closing.
 * - `INVALID`: an argument is wrong.
 */
export type JournalErrorCode = 'LOCKED' | 'DISK_FULL' | 'IO' | 'TOO_LARGE' | 'TIMEOUT' | 'CLOSED' | 'INVALID';

export interface JournalErrorDetails {
  cause?: unknown;
  /** Default is `false`. */
  mayBeJournaled?: boolean;
}

/** What a journal fails with. Never holds an id or payload. */
export class JournalError extends Error {
  override readonly name = 'JournalError';
  readonly code: JournalErrorCode;
  /**
   * Of a failed append: whether its bytes had reached the disk's hands, so that the record may still be delivered, now
   * or after a restart. `false` says that it never will be.
   */
  readonly mayBeJournaled: boolean;

  constructor(code: JournalErrorCode, message: string, details: JournalErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.code = code;
    this.mayBeJournaled = details.mayBeJournaled ?? false;
  }
}

/** The journal's error for a failed disk operation. */
export function diskError(what: string, cause: unknown, mayBeJournaled = false): JournalError {
  if (cause instanceof JournalError) return cause;
  if (cause instanceof DirectoryLockedError) {
    const message = `Journal ${cause.directory} is in use by process ${cause.holder}`;
    return new JournalError('LOCKED', message, { cause });
  }
  const code = errorCode(cause);
  const { path } = (cause ?? {}) as NodeJS.ErrnoException;
  const full = code === 'ENOSPC' || code === 'EDQUOT';
  return new JournalError(
    full ? 'DISK_FULL' : 'IO',
    `${what}: ${code ?? 'failed'}${path === undefined ? '' : ` (${path})`}`,
    {
      cause,
      mayBeJournaled,
    },
  );
}
