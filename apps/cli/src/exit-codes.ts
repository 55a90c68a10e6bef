import { AuditTrailError, type AuditTrailErrorCode } from '@quantumtrade/dal-audit-trail';
import { ConfigError } from '@quantumtrade/dal-config';
import type { ErrorCode } from '@quantumtrade/dal-domain';
import { isDatabaseError } from '@quantumtrade/dal-domain';
import { CommanderError } from 'commander';

/** What the process ends with. */
export const EXIT = {
  ok: 0,
  /** Something that should not happen. */
  failure: 1,
  /** Wrong usage, or an input or configuration that cannot be used. */
  usage: 2,
  /** A server could not be reached, went away or did not answer in time. */
  connection: 3,
  /** The command did its work and found a problem: rows refused, drift of the schema, counts that differ, tampering. */
  data: 4,
  /** Stopped by Ctrl-C or SIGTERM. */
  interrupted: 130,
} as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

/** The input or the way of calling is wrong; the message says what and how to do it right. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** The store's data or schema is not as it must be for this command. */
export class DataProblem extends Error {
  override readonly name = 'DataProblem';
}

/** The user stopped the command. */
export class Interrupted extends Error {
  override readonly name = 'Interrupted';
}

const BY_CODE: Record<ErrorCode, ExitCode> = {
  CONNECTION: EXIT.connection,
  TIMEOUT: EXIT.connection,
  CACHE: EXIT.connection,
  VALIDATION: EXIT.usage,
  MIGRATION: EXIT.data,
  QUERY: EXIT.failure,
};

const BY_AUDIT_TRAIL_CODE: Record<AuditTrailErrorCode, ExitCode> = {
  DAMAGED: EXIT.data,
  KEY: EXIT.usage,
  MISSING: EXIT.usage,
  LOCKED: EXIT.failure,
  CLOSED: EXIT.failure,
  IO: EXIT.failure,
};

export function exitCodeOf(error: unknown): ExitCode {
  if (error instanceof Interrupted) return EXIT.interrupted;
  if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.usage;
  if (error instanceof UsageError || error instanceof ConfigError) return EXIT.usage;
  if (error instanceof DataProblem) return EXIT.data;
  if (error instanceof AuditTrailError) return BY_AUDIT_TRAIL_CODE[error.code];
  return isDatabaseError(error) ? BY_CODE[error.code] : EXIT.failure;
}

export const EXIT_CODES_HELP = `
Exit codes: 0 ok; 1 unexpected failure; 2 wrong usage, input or configuration; 3 a server cannot be reached or did not
answer in time; 4 a problem in the data, schema or audit trail was found (rows refused, drift); 130 interrupted.`;
