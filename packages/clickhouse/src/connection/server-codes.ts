/**
 * ClickHouse's error codes that the data layer tells apart, by the names of `system.errors`. A code that is in none of these
 * groups fails the query for good, and its message is not repeated.
 */

/** The server knows who asks and refuses him, or does not know him. */
const LOGIN_REFUSED = {
  UNKNOWN_USER: 192,
  WRONG_PASSWORD: 193,
  REQUIRED_PASSWORD: 194,
  IP_ADDRESS_NOT_ALLOWED: 195,
  AUTHENTICATION_FAILED: 516,
  USER_EXPIRED: 720,
};

/** The query reached `max_execution_time`, or was estimated to. */
const TOO_LATE = { TIMEOUT_EXCEEDED: 159, TOO_SLOW: 160 };

/** The server does not know a setting of the request. It refuses the request before it runs anything. */
const UNKNOWN_SETTING = { UNKNOWN_SETTING: 115 };

/** The user's profile does not let a request set what it sets. */
const SETTING_REFUSED = { READONLY: 164, SETTING_CONSTRAINT_VIOLATION: 452 };

/** The same query may succeed later: overload, lost connections between servers, Keeper, lagging merges, failing disks. */
const RETRYABLE = {
  UNEXPECTED_END_OF_FILE: 3,
  ATTEMPT_TO_READ_AFTER_EOF: 32,
  CANNOT_READ_ALL_DATA: 33,
  CANNOT_READ_FROM_FILE_DESCRIPTOR: 74,
  CANNOT_WRITE_TO_FILE_DESCRIPTOR: 75,
  CANNOT_OPEN_FILE: 76,
  CANNOT_READ_FROM_SOCKET: 95,
  CANNOT_WRITE_TO_SOCKET: 96,
  CANNOT_ALLOCATE_MEMORY: 173,
  DNS_ERROR: 198,
  QUOTA_EXCEEDED: 201,
  TOO_MANY_SIMULTANEOUS_QUERIES: 202,
  NO_FREE_CONNECTION: 203,
  SOCKET_TIMEOUT: 209,
  NETWORK_ERROR: 210,
  NO_ZOOKEEPER: 225,
  ABORTED: 236,
  MEMORY_LIMIT_EXCEEDED: 241,
  TABLE_IS_READ_ONLY: 242,
  NOT_ENOUGH_SPACE: 243,
  TOO_MANY_PARTS: 252,
  NO_ACTIVE_REPLICAS: 254,
  ALL_CONNECTION_TRIES_FAILED: 279,
  TOO_FEW_LIVE_REPLICAS: 285,
  UNSATISFIED_QUORUM_FOR_PREVIOUS_WRITE: 286,
  SHARD_HAS_NO_CONNECTIONS: 297,
  UNKNOWN_STATUS_OF_INSERT: 319,
  ALL_REPLICAS_ARE_STALE: 369,
  QUERY_WAS_CANCELLED: 394,
  SYSTEM_ERROR: 425,
  CANNOT_SCHEDULE_TASK: 439,
  DEADLOCK_AVOIDED: 473,
  S3_ERROR: 499,
  NO_REMOTE_SHARD_AVAILABLE: 519,
  NOT_A_LEADER: 529,
  DISTRIBUTED_TOO_MANY_PENDING_BYTES: 574,
  CANNOT_CREATE_FILE: 586,
  THREAD_WAS_CANCELED: 677,
  TOO_MANY_MUTATIONS: 692,
  USER_SESSION_LIMIT_EXCEEDED: 700,
  TABLE_IS_BEING_RESTARTED: 733,
  QUERY_WAS_CANCELLED_BY_CLIENT: 735,
  SERVER_OVERLOADED: 745,
  TCP_CONNECTION_LIMIT_REACHED: 749,
  HTTP_CONNECTION_LIMIT_REACHED: 762,
  MEMORY_RESERVATION_KILLED: 777,
  MEMORY_RESERVATION_FAILED: 778,
  TOO_MANY_UNAVAILABLE_SHARDS: 904,
  KEEPER_EXCEPTION: 999,
  POCO_EXCEPTION: 1000,
  STD_EXCEPTION: 1001,
};

/**
 * The first sentence of the message is made of identifiers, types, rights and sizes. All other messages may repeat a value
 * and are dropped.
 */
const WITHOUT_VALUES = {
  NO_SUCH_COLUMN_IN_TABLE: 16,
  BAD_ARGUMENTS: 36,
  NUMBER_OF_ARGUMENTS_DOESNT_MATCH: 42,
  ILLEGAL_TYPE_OF_ARGUMENT: 43,
  ILLEGAL_COLUMN: 44,
  UNKNOWN_FUNCTION: 46,
  UNKNOWN_IDENTIFIER: 47,
  NOT_IMPLEMENTED: 48,
  UNKNOWN_TYPE: 50,
  TYPE_MISMATCH: 53,
  TABLE_ALREADY_EXISTS: 57,
  UNKNOWN_TABLE: 60,
  SYNTAX_ERROR: 62,
  UNKNOWN_DATABASE: 81,
  DATABASE_ALREADY_EXISTS: 82,
  UNKNOWN_SETTING: 115,
  TOO_MANY_ROWS: 158,
  READONLY: 164,
  TOO_MANY_SIMULTANEOUS_QUERIES: 202,
  MEMORY_LIMIT_EXCEEDED: 241,
  TABLE_IS_READ_ONLY: 242,
  NOT_ENOUGH_SPACE: 243,
  TOO_MANY_PARTS: 252,
  TOO_MANY_BYTES: 307,
  TOO_MANY_ROWS_OR_BYTES: 396,
  SETTING_CONSTRAINT_VIOLATION: 452,
  ACCESS_DENIED: 497,
};

export const SERVER_CODES = {
  LOGIN_REFUSED,
  TOO_LATE,
  UNKNOWN_SETTING,
  SETTING_REFUSED,
  RETRYABLE,
  WITHOUT_VALUES,
} as const;

type Group = keyof typeof SERVER_CODES;

const codesOf = new Map<string, ReadonlySet<number>>(
  Object.entries(SERVER_CODES).map(([group, codes]) => [group, new Set(Object.values(codes))]),
);

const names = new Map(
  Object.values(SERVER_CODES).flatMap((codes) => Object.entries(codes).map(([name, code]) => [code, name])),
);

export const isIn = (group: Group, code: number): boolean => codesOf.get(group)!.has(code);

/** The name of a code, for servers that do not send it. */
export const nameOf = (code: number): string | undefined => names.get(code);
