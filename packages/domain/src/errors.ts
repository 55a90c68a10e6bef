const brand = Symbol.for('@quantumtrade/dal/DatabaseError');

export type ErrorCode = 'CONNECTION' | 'QUERY' | 'VALIDATION' | 'MIGRATION' | 'CACHE' | 'TIMEOUT';

/**
 * Distinguishes errors of one class that callers handle differently.
 *
 * - `LOGIN_REFUSED`: a `ConnectionError`; the server or a gateway before it refused the user or the password. Not retryable:
 *   the same call may succeed once the login is right again.
 * - `TOO_LARGE`: a `QueryError`; the request is larger than the server or a gateway accepts. Not retryable as it is; a block
 *   of more than one row may be stored in parts.
 * - `SCAN_LIMIT`: a `QueryError`; the engine would read more rows than the query or the user's profile allows. Not retryable.
 * - `MEMORY_LIMIT`: a `QueryError`; the engine had less memory than the query needs. Retryable.
 * - `STORE_FULL`: a `QueryError`; the object store has no space or quota left. Retryable: the same call may succeed later.
 * - `OBJECT_LOCKED`: a `QueryError`; the object must be kept for now. Not retryable.
 * - `OBJECT_DAMAGED`: a `QueryError`; the object differs from what was stored. Not retryable.
 */
export type ErrorKind =
  | 'LOGIN_REFUSED'
  | 'TOO_LARGE'
  | 'SCAN_LIMIT'
  | 'MEMORY_LIMIT'
  | 'STORE_FULL'
  | 'OBJECT_LOCKED'
  | 'OBJECT_DAMAGED';

/** Details of every error of the data layer. They never contain a secret or a row's content. */
export interface ErrorDetails {
  /** The operation that failed, e.g. `marketData.insert`. */
  operation: string;
  /** Whether the same call may succeed later. @default the error class's own */
  retryable?: boolean;
  /** Query id of the failed query in the engine; missing when none was sent. */
  queryId?: string;
  /** @default none */
  kind?: ErrorKind;
  /**
   * Host and port of the server that failed, e.g. `ch-2:8123`, or the location of the object store; it ends the message. Missing when no
   * server is to blame.
   */
  endpoint?: string;
  /** Shortest time before the same call is worth repeating, where the server named one (milliseconds). */
  retryAfterMs?: number;
  cause?: unknown;
}

/** Base of the six errors of the data layer. Use {@link isDatabaseError} rather than `instanceof`. */
export abstract class DatabaseError extends Error {
  readonly [brand] = true;
  abstract readonly code: ErrorCode;
  readonly operation: string;
  readonly retryable: boolean;
  readonly queryId: string | undefined;
  readonly kind: ErrorKind | undefined;
  readonly endpoint: string | undefined;
  readonly retryAfterMs: number | undefined;

  constructor(message: string, details: ErrorDetails, retryable: boolean) {
    const { endpoint, cause } = details;
    super(
      endpoint === undefined ? message : `${message} at ${endpoint}`,
      cause === undefined ? undefined : { cause },
    );
    this.name = new.target.name;
    this.operation = details.operation;
    this.retryable = details.retryable ?? retryable;
    this.queryId = details.queryId;
    this.kind = details.kind;
    this.endpoint = endpoint;
    this.retryAfterMs = details.retryAfterMs;
  }
}

/** The server could not be reached, refused the login, or went away. Retryable by default. */
export class ConnectionError extends DatabaseError {
  readonly code = 'CONNECTION';
  constructor(message: string, details: ErrorDetails) {
    super(`Connection failed: ${message}`, details, true);
  }
}

/** The engine refused or failed the query. Not retryable by default. */
export class QueryError extends DatabaseError {
  readonly code = 'QUERY';
  /** Query text with placeholders, never with values. */
  readonly query: string;
  constructor(query: string, reason: string, details: ErrorDetails) {
    super(`Query execution failed: ${reason}`, details, false);
    this.query = query;
  }
}

/** The caller's input is wrong. Never retryable. */
export class ValidationError extends DatabaseError {
  readonly code = 'VALIDATION';
  readonly field: string;
  readonly reason: string;
  constructor(field: string, reason: string, details: ErrorDetails) {
    super(`Data validation failed: ${field} - ${reason}`, details, false);
    this.field = field;
    this.reason = reason;
  }
}

/** A migration could not be applied, or the migration files are inconsistent. */
export class MigrationError extends DatabaseError {
  readonly code = 'MIGRATION';
  readonly version: number;
  constructor(version: number, reason: string, details: ErrorDetails) {
    super(`Schema migration failed: version ${version} - ${reason}`, details, false);
    this.version = version;
  }
}

/** Redis failed, or a cached value does not match its schema. Retryable by default. */
export class CacheError extends DatabaseError {
  readonly code = 'CACHE';
  constructor(reason: string, details: ErrorDetails) {
    super(`Cache operation failed: ${details.operation} - ${reason}`, details, true);
  }
}

/** The deadline passed before the answer came. The query was cancelled on the server where that is possible. */
export class TimeoutError extends DatabaseError {
  readonly code = 'TIMEOUT';
  readonly durationMs: number;
  constructor(durationMs: number, details: ErrorDetails) {
    super(`Timeout exceeded: ${details.operation} took ${durationMs}ms`, details, true);
    this.durationMs = durationMs;
  }
}

/** Every error of the data layer. Its `code` narrows it to one of the six classes. */
export type AnyDatabaseError =
  ConnectionError | QueryError | ValidationError | MigrationError | CacheError | TimeoutError;

/** Returns whether an error is one of the data layer, also one of another copy of this package. */
export function isDatabaseError(error: unknown): error is AnyDatabaseError {
  return typeof error === 'object' && error !== null && brand in error;
}
