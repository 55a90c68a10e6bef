/** Treatment of one error reply of the server. The adapter sends no command twice: its caller decides. */
export interface ReplyErrorTraits {
  /** Code of the domain's error. */
  readonly error: 'CACHE' | 'CONNECTION';
  /** Whether the same command may succeed later. */
  readonly retryable: boolean;
  /** Whether the client connects again: another server may have taken over the address, or another password be known. @default false */
  readonly reconnects?: boolean;
  /** Whether the server refuses the login, so that another password may be accepted. @default false */
  readonly loginRefused?: boolean;
  /** Reason, for the reference of errors. */
  readonly why: string;
}

/** Name given to the reply `ERR max number of clients reached`, which has no code of its own. */
export const MAX_CLIENTS = 'MAXCLIENTS';

/** Error replies that are treated differently from others, by the code they begin with. Any other is a `CacheError` for good. */
export const REPLY_ERRORS: Readonly<Record<string, ReplyErrorTraits>> = {
  ASK: { error: 'CACHE', retryable: false, why: 'The server is a node of a cluster; set `cluster.enabled`.' },
  BUSY: { error: 'CACHE', retryable: true, why: 'A script or function has run for too long.' },
  CLUSTERDOWN: { error: 'CACHE', retryable: true, why: 'The cluster lacks a master for some slots.' },
  CROSSSLOT: { error: 'CACHE', retryable: false, why: 'The keys of a command are of different slots.' },
  DENIED: { error: 'CONNECTION', retryable: false, why: 'The server accepts only local clients.' },
  LOADING: { error: 'CACHE', retryable: true, why: 'The server has started and still reads its data.' },
  MASTERDOWN: {
    error: 'CACHE',
    retryable: true,
    why: 'The replica has lost its master and answers no reads.',
  },
  [MAX_CLIENTS]: {
    error: 'CONNECTION',
    retryable: true,
    why: 'The server has as many clients as it allows.',
  },
  MISCONF: { error: 'CACHE', retryable: true, why: 'The server accepts no writes since a snapshot failed.' },
  MOVED: {
    error: 'CACHE',
    retryable: false,
    why: 'The server is a node of a cluster; set `cluster.enabled`.',
  },
  NOAUTH: {
    error: 'CONNECTION',
    retryable: false,
    reconnects: true,
    loginRefused: true,
    why: 'The server requires a password.',
  },
  NOPERM: { error: 'CACHE', retryable: false, why: 'The user lacks a right.' },
  NOREPLICAS: { error: 'CACHE', retryable: true, why: 'Too few replicas follow the server for a write.' },
  NOSCRIPT: { error: 'CACHE', retryable: true, why: 'The server has lost a script again while it was sent.' },
  OOM: {
    error: 'CACHE',
    retryable: true,
    why: 'The memory of the server is full, and nothing may be evicted.',
  },
  READONLY: {
    error: 'CACHE',
    retryable: true,
    reconnects: true,
    why: 'The server is a replica, for example since a failover.',
  },
  TRYAGAIN: { error: 'CACHE', retryable: true, why: 'The slot of the keys moves between masters.' },
  UNKILLABLE: { error: 'CACHE', retryable: true, why: 'A script that has written has run for too long.' },
  WRONGPASS: {
    error: 'CONNECTION',
    retryable: false,
    loginRefused: true,
    why: 'The server refuses user or password.',
  },
  WRONGTYPE: { error: 'CACHE', retryable: false, why: 'The key holds a value of another kind.' },
};
