/** Whether a failed request may have been executed: it never left, it may have reached the server, or the server answered it. */
export type Sent = 'no' | 'maybe' | 'answered';

/** Meaning of a failure on the way to a server or back. */
export interface TransportFailure {
  /** Whether the same request may succeed later. */
  readonly retryable: boolean;
  /** Whether another server may answer it now. */
  readonly elsewhere: boolean;
  readonly sent: Sent;
  /** Reason that the error gives. */
  readonly why: string;
}

const UNREACHABLE = {
  retryable: true,
  elsewhere: true,
  sent: 'no',
  why: 'the server cannot be reached',
} as const;
const BROKEN = { retryable: true, elsewhere: true, sent: 'maybe', why: 'the connection broke' } as const;
const EXHAUSTED = {
  retryable: true,
  elsewhere: false,
  sent: 'no',
  why: 'this host can open no socket',
} as const;
const FORBIDDEN = {
  retryable: false,
  elsewhere: true,
  sent: 'no',
  why: 'this host may not connect',
} as const;
const NO_HOST = {
  retryable: false,
  elsewhere: true,
  sent: 'no',
  why: 'there is no host of this name',
} as const;
const NO_TLS = {
  retryable: false,
  elsewhere: true,
  sent: 'no',
  why: 'the server does not speak TLS',
} as const;
const HANDSHAKE = { retryable: false, elsewhere: true, sent: 'no', why: 'the TLS handshake failed' } as const;
const CERTIFICATE = {
  retryable: false,
  elsewhere: true,
  sent: 'no',
  why: "the server's certificate is not accepted",
} as const;

const UNKNOWN = { retryable: false, elsewhere: true, sent: 'maybe', why: 'the connection failed' } as const;

/** Failures of sockets, by the code of Node's error. A name that ends with `*` is that of a family; exact names precede. */
export const SOCKET_ERRORS: Readonly<Record<string, TransportFailure>> = {
  ECONNREFUSED: UNREACHABLE,
  EHOSTUNREACH: UNREACHABLE,
  EHOSTDOWN: UNREACHABLE,
  ENETUNREACH: UNREACHABLE,
  ENETDOWN: UNREACHABLE,
  EAI_AGAIN: UNREACHABLE,
  ERR_SOCKET_CONNECTION_TIMEOUT: UNREACHABLE,
  ERR_TLS_HANDSHAKE_TIMEOUT: UNREACHABLE,
  ECONNRESET: BROKEN,
  ECONNABORTED: BROKEN,
  ENETRESET: BROKEN,
  ENOTCONN: BROKEN,
  EPIPE: BROKEN,
  ETIMEDOUT: BROKEN,
  ERR_STREAM_PREMATURE_CLOSE: BROKEN,
  ERR_STREAM_DESTROYED: BROKEN,
  ERR_SOCKET_CLOSED: BROKEN,
  ERR_SSL_DECRYPTION_FAILED_OR_BAD_RECORD_MAC: BROKEN,
  ERR_SSL_UNEXPECTED_EOF_WHILE_READING: BROKEN,
  'Z_*': BROKEN,
  'HPE_*': BROKEN,
  EADDRNOTAVAIL: EXHAUSTED,
  EMFILE: EXHAUSTED,
  ENFILE: EXHAUSTED,
  ENOBUFS: EXHAUSTED,
  EACCES: FORBIDDEN,
  EPERM: FORBIDDEN,
  ENOTFOUND: NO_HOST,
  EPROTO: NO_TLS,
  ERR_SSL_WRONG_VERSION_NUMBER: NO_TLS,
  ERR_SSL_PACKET_LENGTH_TOO_LONG: NO_TLS,
  'ERR_SSL_*': HANDSHAKE,
  'CERT_*': CERTIFICATE,
  'CRL_*': CERTIFICATE,
  'ERROR_IN_C*': CERTIFICATE,
  'UNABLE_TO_*': CERTIFICATE,
  'DEPTH_ZERO_*': CERTIFICATE,
  'SELF_SIGNED_*': CERTIFICATE,
  'INVALID_CA*': CERTIFICATE,
  'INVALID_PURPOSE*': CERTIFICATE,
  'PATH_LENGTH_*': CERTIFICATE,
  HOSTNAME_MISMATCH: CERTIFICATE,
  'ERR_TLS_CERT_*': CERTIFICATE,
  'ERR_TLS_*': UNKNOWN,
  'ERR_SOCKET_*': UNKNOWN,
  'E*': UNKNOWN,
};

/** Prefixes of families; that of system errors, such as `EIO`, ends before an underscore. */
const families = Object.keys(SOCKET_ERRORS)
  .filter((name) => name.endsWith('*'))
  .map((name) => [name, name === 'E*' ? /^E[A-Z]+$/ : new RegExp(`^${name.slice(0, -1)}`)] as const);

/** Calls of the system that precede any byte of a request. */
const BEFORE_SENDING = new Set(['connect', 'getaddrinfo']);

/** Returns what an error of a socket means; undefined for any other error. */
export function socketFailureOf(code: string, syscall: unknown): TransportFailure | undefined {
  const name = Object.hasOwn(SOCKET_ERRORS, code)
    ? code
    : families.find(([, prefix]) => prefix.test(code))?.[0];
  const failure = name === undefined ? undefined : SOCKET_ERRORS[name];
  return failure && BEFORE_SENDING.has(String(syscall)) ? { ...failure, sent: 'no' } : failure;
}
