import { AuditTrailError, type AuditTrailErrorCode } from '@quantumtrade/dal-audit-trail';
import { ConfigError } from '@quantumtrade/dal-config';
import type { ErrorCode } from '@quantumtrade/dal-domain';
import { isDatabaseError } from '@quantumtrade/dal-domain';
import { CommanderError } from 'commander';

/** Exit codes of the process. */
export const EXIT = {
  ok: 0,
  /** An unexpected failure. */
  failure: 1,
  /** Wrong usage, or an invalid input or configuration. */
  usage: 2,
  /** A server was unreachable, disconnected or did not answer in time. */
  connection: 3,
  /** The command did its work and found a problem: rows refused, drift of the schema, counts that differ, tampering. */
  data: 4,
  /** Stopped by Ctrl-C or SIGTERM. */
  interrupted: 130,
} as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

/** Wrong input or usage; the message names the correction. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** The store's data or schema does not permit this command. */
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
