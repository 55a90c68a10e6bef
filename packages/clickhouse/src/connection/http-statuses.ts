import type { TransportFailure } from '@quantumtrade/dal-runtime';

const GATEWAY_BUSY = {
  retryable: true,
  elsewhere: true,
  sent: 'no',
  why: 'a gateway is overloaded',
} as const;
const GATEWAY_FAILED = { retryable: true, elsewhere: true, sent: 'maybe', why: 'a gateway failed' } as const;
const NOT_CLICKHOUSE = {
  retryable: true,
  elsewhere: true,
  sent: 'maybe',
  why: 'something else answered',
} as const;
const LOGIN = { retryable: false, elsewhere: false, sent: 'no', why: 'the login was refused' } as const;

/** Answers of others than ClickHouse, by their HTTP status. A name such as `4xx` is that of a family; exact statuses precede. */
export const HTTP_STATUSES: Readonly<Record<string, TransportFailure>> = {
  '2xx': NOT_CLICKHOUSE,
  '3xx': NOT_CLICKHOUSE,
  401: LOGIN,
  403: LOGIN,
  407: LOGIN,
  408: GATEWAY_FAILED,
  413: { retryable: false, elsewhere: false, sent: 'no', why: 'the request is too large' },
  425: GATEWAY_BUSY,
  429: GATEWAY_BUSY,
  '4xx': { retryable: false, elsewhere: false, sent: 'no', why: 'a gateway refused the request' },
  500: GATEWAY_FAILED,
  502: GATEWAY_FAILED,
  503: GATEWAY_FAILED,
  504: GATEWAY_FAILED,
  520: GATEWAY_FAILED,
  521: GATEWAY_FAILED,
  522: GATEWAY_FAILED,
  523: GATEWAY_FAILED,
  524: GATEWAY_FAILED,
  529: GATEWAY_BUSY,
  other: { retryable: false, elsewhere: true, sent: 'maybe', why: 'a gateway failed for good' },
};

/** Returns what an answer that is not ClickHouse's means, by its status. */
export const gatewayFailureOf = (status: number): TransportFailure =>
  HTTP_STATUSES[status] ?? HTTP_STATUSES[`${Math.floor(status / 100)}xx`] ?? HTTP_STATUSES['other']!;
