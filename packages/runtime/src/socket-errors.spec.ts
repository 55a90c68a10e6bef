import { SOCKET_ERRORS, socketFailureOf } from './socket-errors.js';

const NAMES_IN_FAMILIES: Readonly<Record<string, string>> = {
  'Z_*': 'Z_BUF_ERROR',
  'HPE_*': 'HPE_INVALID_CONSTANT',
  'ERR_SSL_*': 'ERR_SSL_SSLV3_ALERT_HANDSHAKE_FAILURE',
  'CERT_*': 'CERT_HAS_EXPIRED',
  'CRL_*': 'CRL_HAS_EXPIRED',
  'ERROR_IN_C*': 'ERROR_IN_CERT_NOT_AFTER_FIELD',
  'UNABLE_TO_*': 'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  'DEPTH_ZERO_*': 'DEPTH_ZERO_SELF_SIGNED_CERT',
  'SELF_SIGNED_*': 'SELF_SIGNED_CERT_IN_CHAIN',
  'INVALID_CA*': 'INVALID_CA',
  'INVALID_PURPOSE*': 'INVALID_PURPOSE',
  'PATH_LENGTH_*': 'PATH_LENGTH_EXCEEDED',
  'ERR_TLS_CERT_*': 'ERR_TLS_CERT_ALTNAME_INVALID',
  'ERR_TLS_*': 'ERR_TLS_RENEGOTIATION_DISABLED',
  'ERR_SOCKET_*': 'ERR_SOCKET_BAD_PORT',
  'E*': 'EIO',
};
const UNREACHABLE = [true, 'no', 'the server cannot be reached'] as const;
const BROKEN = [true, 'maybe', 'the connection broke'] as const;
const EXHAUSTED = [true, 'no', 'this host can open no socket'] as const;
const NO_TLS = [false, 'no', 'the server does not speak TLS'] as const;
const UNKNOWN = [false, 'maybe', 'the connection failed'] as const;
const CERTIFICATE = [false, 'no', "the server's certificate is not accepted"] as const;
const expected: Readonly<Record<string, readonly [retryable: boolean, sent: string, reason: string]>> = {
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
  EACCES: [false, 'no', 'this host may not connect'],
  EPERM: [false, 'no', 'this host may not connect'],
  ENOTFOUND: [false, 'no', 'there is no host of this name'],
  EPROTO: NO_TLS,
  ERR_SSL_WRONG_VERSION_NUMBER: NO_TLS,
  ERR_SSL_PACKET_LENGTH_TOO_LONG: NO_TLS,
  'ERR_SSL_*': [false, 'no', 'the TLS handshake failed'],
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

it.each(Object.keys(SOCKET_ERRORS))('error of a socket %s is treated as its row says', (row) => {
  const [retryable, sent, why] = expected[row]!;
  const failure = { retryable, sent, why, elsewhere: why !== EXHAUSTED[2] };
  expect(socketFailureOf(NAMES_IN_FAMILIES[row] ?? row, undefined)).toEqual(failure);
});

it.each(['connect', 'getaddrinfo'])('nothing was sent when %s failed', (syscall) => {
  expect(socketFailureOf('ETIMEDOUT', syscall)).toMatchObject({ retryable: true, sent: 'no' });
  expect(socketFailureOf('ETIMEDOUT', 'read')).toMatchObject({ sent: 'maybe' });
});

it.each(['ERR_INVALID_ARG_TYPE', 'toString', '', 'QUERY'])('%j is no error of a socket', (code) => {
  expect(socketFailureOf(code, undefined)).toBeUndefined();
});
