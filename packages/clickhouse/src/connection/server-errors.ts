/** Longest error message of a server; anything longer is something else. */
export const MAX_REPORT_BYTES = 65_536;

/** Treatment of one error of the server. */
export interface ServerErrorTraits {
  readonly code: number;
  /**
   * `LOGIN_REFUSED`: the server refuses the user or does not have it. `TIMEOUT`: the query reached `max_execution_time`, or was
   * estimated to. `UNKNOWN_SETTING`: the server lacks a setting of the request, and refused it before it ran anything.
   * `SETTING_REFUSED`: the user's profile forbids a setting of the request.
   */
  readonly failure?: 'LOGIN_REFUSED' | 'TIMEOUT' | 'UNKNOWN_SETTING' | 'SETTING_REFUSED';
  /**
   * Whether the same query may succeed later: overload, lost connections between servers, Keeper, lagging merges, failing disks.
   * @default false
   */
  readonly retryable?: boolean;
  /**
   * Whether the first sentence of the message consists of identifiers, types, rights and sizes. Other messages may repeat a
   * value of the query and are dropped.
   * @default false
   */
  readonly quotable?: boolean;
}

/**
 * ClickHouse's errors that are treated differently from others, under their names in `system.errors`. Any other error fails the
 * query for good, and its message is dropped.
 */
export const SERVER_ERRORS = {
  UNEXPECTED_END_OF_FILE: { code: 3, retryable: true },
  NO_SUCH_COLUMN_IN_TABLE: { code: 16, quotable: true },
  ATTEMPT_TO_READ_AFTER_EOF: { code: 32, retryable: true },
  CANNOT_READ_ALL_DATA: { code: 33, retryable: true },
  BAD_ARGUMENTS: { code: 36, quotable: true },
  NUMBER_OF_ARGUMENTS_DOESNT_MATCH: { code: 42, quotable: true },
  ILLEGAL_TYPE_OF_ARGUMENT: { code: 43, quotable: true },
  ILLEGAL_COLUMN: { code: 44, quotable: true },
  UNKNOWN_FUNCTION: { code: 46, quotable: true },
  UNKNOWN_IDENTIFIER: { code: 47, quotable: true },
  NOT_IMPLEMENTED: { code: 48, quotable: true },
  UNKNOWN_TYPE: { code: 50, quotable: true },
  TYPE_MISMATCH: { code: 53, quotable: true },
  TABLE_ALREADY_EXISTS: { code: 57, quotable: true },
  UNKNOWN_TABLE: { code: 60, quotable: true },
  SYNTAX_ERROR: { code: 62, quotable: true },
  CANNOT_READ_FROM_FILE_DESCRIPTOR: { code: 74, retryable: true },
  CANNOT_WRITE_TO_FILE_DESCRIPTOR: { code: 75, retryable: true },
  CANNOT_OPEN_FILE: { code: 76, retryable: true },
  UNKNOWN_DATABASE: { code: 81, quotable: true },
  DATABASE_ALREADY_EXISTS: { code: 82, quotable: true },
  CANNOT_READ_FROM_SOCKET: { code: 95, retryable: true },
  CANNOT_WRITE_TO_SOCKET: { code: 96, retryable: true },
  UNKNOWN_SETTING: { code: 115, failure: 'UNKNOWN_SETTING', quotable: true },
  TOO_MANY_ROWS: { code: 158, quotable: true },
  TIMEOUT_EXCEEDED: { code: 159, failure: 'TIMEOUT' },
  TOO_SLOW: { code: 160, failure: 'TIMEOUT' },
  TOO_MANY_COLUMNS: { code: 161, quotable: true },
  READONLY: { code: 164, failure: 'SETTING_REFUSED', quotable: true },
  TOO_DEEP_AST: { code: 167, quotable: true },
  CANNOT_ALLOCATE_MEMORY: { code: 173, retryable: true },
  SET_SIZE_LIMIT_EXCEEDED: { code: 191, quotable: true },
  UNKNOWN_USER: { code: 192, failure: 'LOGIN_REFUSED' },
  WRONG_PASSWORD: { code: 193, failure: 'LOGIN_REFUSED' },
  REQUIRED_PASSWORD: { code: 194, failure: 'LOGIN_REFUSED' },
  IP_ADDRESS_NOT_ALLOWED: { code: 195, failure: 'LOGIN_REFUSED' },
  DNS_ERROR: { code: 198, retryable: true },
  QUOTA_EXCEEDED: { code: 201, retryable: true },
  TOO_MANY_SIMULTANEOUS_QUERIES: { code: 202, retryable: true, quotable: true },
  NO_FREE_CONNECTION: { code: 203, retryable: true },
  SOCKET_TIMEOUT: { code: 209, retryable: true },
  NETWORK_ERROR: { code: 210, retryable: true },
  NO_ZOOKEEPER: { code: 225, retryable: true },
  ABORTED: { code: 236, retryable: true },
  MEMORY_LIMIT_EXCEEDED: { code: 241, retryable: true, quotable: true },
  TABLE_IS_READ_ONLY: { code: 242, retryable: true, quotable: true },
  NOT_ENOUGH_SPACE: { code: 243, retryable: true, quotable: true },
  TOO_MANY_PARTS: { code: 252, retryable: true, quotable: true },
  NO_ACTIVE_REPLICAS: { code: 254, retryable: true },
  INDEX_NOT_USED: { code: 277, quotable: true },
  ALL_CONNECTION_TRIES_FAILED: { code: 279, retryable: true },
  TOO_FEW_LIVE_REPLICAS: { code: 285, retryable: true },
  UNSATISFIED_QUORUM_FOR_PREVIOUS_WRITE: { code: 286, retryable: true },
  SHARD_HAS_NO_CONNECTIONS: { code: 297, retryable: true },
  TOO_MANY_BYTES: { code: 307, quotable: true },
  UNKNOWN_STATUS_OF_INSERT: { code: 319, retryable: true },
  ALL_REPLICAS_ARE_STALE: { code: 369, retryable: true },
  QUERY_WAS_CANCELLED: { code: 394, retryable: true },
  TOO_MANY_ROWS_OR_BYTES: { code: 396, quotable: true },
  SYSTEM_ERROR: { code: 425, retryable: true },
  CANNOT_SCHEDULE_TASK: { code: 439, retryable: true },
  SETTING_CONSTRAINT_VIOLATION: { code: 452, failure: 'SETTING_REFUSED', quotable: true },
  DEADLOCK_AVOIDED: { code: 473, retryable: true },
  ACCESS_DENIED: { code: 497, quotable: true },
  S3_ERROR: { code: 499, retryable: true },
  AUTHENTICATION_FAILED: { code: 516, failure: 'LOGIN_REFUSED' },
  NO_REMOTE_SHARD_AVAILABLE: { code: 519, retryable: true },
  NOT_A_LEADER: { code: 529, retryable: true },
  DISTRIBUTED_TOO_MANY_PENDING_BYTES: { code: 574, retryable: true },
  CANNOT_CREATE_FILE: { code: 586, retryable: true },
  THREAD_WAS_CANCELED: { code: 677, retryable: true },
  TOO_MANY_MUTATIONS: { code: 692, retryable: true },
  USER_SESSION_LIMIT_EXCEEDED: { code: 700, retryable: true },
  USER_EXPIRED: { code: 720, failure: 'LOGIN_REFUSED' },
  TABLE_IS_BEING_RESTARTED: { code: 733, retryable: true },
  QUERY_WAS_CANCELLED_BY_CLIENT: { code: 735, retryable: true },
  SERVER_OVERLOADED: { code: 745, retryable: true },
  TCP_CONNECTION_LIMIT_REACHED: { code: 749, retryable: true },
  HTTP_CONNECTION_LIMIT_REACHED: { code: 762, retryable: true },
  MEMORY_RESERVATION_KILLED: { code: 777, retryable: true },
  MEMORY_RESERVATION_FAILED: { code: 778, retryable: true },
  TOO_MANY_UNAVAILABLE_SHARDS: { code: 904, retryable: true },
  KEEPER_EXCEPTION: { code: 999, retryable: true },
  POCO_EXCEPTION: { code: 1000, retryable: true },
  STD_EXCEPTION: { code: 1001, retryable: true },
} satisfies Readonly<Record<string, ServerErrorTraits>>;

const byCode = new Map<number, [name: string, traits: ServerErrorTraits]>(
  Object.entries(SERVER_ERRORS).map((entry) => [entry[1].code, entry]),
);

/** Error that a ClickHouse server reports. Its message may repeat values of the query. */
export class ServerError extends Error {
  readonly code: number;
  /** Name of the code; undefined for a code without an entry in {@link SERVER_ERRORS} from a server that sends no names. */
  readonly type: string | undefined;
  readonly traits: ServerErrorTraits;

  constructor(code: number, message: string, type?: string) {
    super(message);
    this.name = new.target.name;
    this.code = code;
    const [name, traits] = byCode.get(code) ?? [undefined, { code }];
    this.type = type ?? name;
    this.traits = traits;
  }
}

/** Returns the error that a text of the server reports; undefined for any other text. */
export function parseReport(text: string, codeOfHead?: string): ServerError | undefined {
  const found = /Code: (\d+)[\s\S]{0,200}?Exception: ([\s\S]*)/.exec(text);
  const code = codeOfHead ?? found?.[1];
  if (code === undefined || !/^\d+$/.test(code)) return undefined;
  const message = found?.[2] ?? '';
  // The name is in capitals and in parentheses; the first is that of the error itself, later ones are of what wraps it.
  return new ServerError(Number(code), message, /\(([A-Z][A-Z0-9_]{2,})\)/.exec(message)?.[1]);
}
