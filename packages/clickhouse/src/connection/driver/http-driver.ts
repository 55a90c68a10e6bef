import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import http from 'node:http';
import https from 'node:https';
import type { OnReadOpts, Socket } from 'node:net';
import type { Readable } from 'node:stream';
import type { ClickHouseClientConfigOptions, ClickHouseClient as OfficialClient } from '@clickhouse/client';
import { ClickHouseLogLevel, createClient } from '@clickhouse/client';
import { tlsOptions, type LightAbortSignal } from '@quantumtrade/dal-runtime';
import { traceparentOf, type TraceIds } from '@quantumtrade/dal-telemetry';
import type { Answer } from '../body.js';
import type { PinnedSettings, SessionSettings } from '../pinned-settings.js';
import type { CompleteSettings } from '../../settings.js';
import type { SqlParams } from '../sql.js';
import { Authorization } from './authorization.js';
import { lookUpOneServer } from './one-server.js';

/** Below the servers' keep-alive of 3 s (old) to 30 s, so that no request goes out on a socket the server just closed. */
const IDLE_SOCKET_TTL_MS = 2_500;
/** Most bytes of one read from a socket. */
const READ_BYTES = 2 ** 18;
/** Gateways refuse request lines of more than 8 KiB, and the settings need some of it. */
const MAX_URL_PARAMS_LENGTH = 2_048;

/** Escape sequences of ClickHouse's text format. */
const ESCAPES: Readonly<Record<string, string>> = {
  '\t': '\\t',
  '\n': '\\n',
  '\r': '\\r',
  "'": "\\'",
  '\\': '\\\\',
};

/** One statement on its way to the server. */
export interface Request {
  readonly query: string;
  readonly params?: SqlParams | undefined;
  /** Bytes behind the text of an insert. */
  readonly data?: Uint8Array | undefined;
  readonly queryId: string;
  readonly database: string;
  readonly settings: SessionSettings;
  /** Further headers. @default none */
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /** Recorded span that the server joins its own spans to. @default none */
  readonly trace?: TraceIds | undefined;
  /** Signal of this request alone. */
  readonly signal: LightAbortSignal;
}

/** Transport of the official client. */
type Connection = NonNullable<ClickHouseClientConfigOptions['connection']>;
type ExecParams = Parameters<Connection['exec']>[0];
type ExecResult = Awaited<ReturnType<Connection['exec']>>;

/**
 * Sends statements to one server through the official client, over a bounded number of sockets.
 *
 * The client's own connection waits for a timer of 1 ms before each request, parses its URL anew and streams its body. It is
 * replaced by one that sends the request at once, with everything constant built once.
 */
export class HttpDriver {
  readonly #client: OfficialClient;
  readonly #agent: http.Agent;
  readonly #send: typeof http.request;
  readonly #target: http.RequestOptions;
  readonly #authorization: Authorization;
  /** The name in front of an address. @default that of the target */
  readonly #hostHeader: { readonly Host: string } | undefined;
  readonly #pinned: Pick<PinnedSettings, 'queryString'>;
  readonly #open = new Set<Socket>();
  /** When each idle socket became idle, by the monotonic clock. */
  readonly #idleSince = new WeakMap<Socket, number>();

  /**
   * Appends the query string of pinned settings to every request. Connects to `address`, if there is one, in place of the host of
   * the URL, which the server's certificate has to name all the same.
   */
  constructor(
    settings: CompleteSettings & { readonly address?: string | undefined },
    maxConnections: number,
    pinned: Pick<PinnedSettings, 'queryString'> = { queryString: '' },
  ) {
    const { url, address, cluster, tls, username, password, connectionTimeoutMs } = settings;
    const { protocol, hostname, host, port } = new URL(url);
    const isSecure = protocol === 'https:';
    const servername = tls?.servername ?? (address === undefined ? undefined : hostname);
    this.#send = isSecure ? https.request : http.request;
    this.#agent = this.#createAgent(isSecure, maxConnections, connectionTimeoutMs);
    this.#target = {
      method: 'POST',
      host: address ?? hostname.replace(/^\[|\]$/g, ''),
      port,
      agent: this.#agent,
      ...(cluster?.copies === 'written' && { lookup: lookUpOneServer }),
      ...(tls && tlsOptions(tls)),
      ...(servername !== undefined && isSecure && { servername }),
    };
    this.#hostHeader = address === undefined ? undefined : { Host: host };
    this.#authorization = new Authorization(username, password);
    this.#pinned = pinned;
    const refuse = () => Promise.reject(new Error('only exec is used'));
    this.#client = createClient({
      url,
      log: { level: ClickHouseLogLevel.OFF },
      connection: {
        exec: this.#exec.bind(this),
        ping: refuse,
        query: refuse,
        insert: refuse,
        command: refuse,
        close: () => this.close(),
      },
    });
  }

  /** Number of open sockets, idle ones included. */
  get connectionCount(): number {
    return this.#open.size;
  }

  /** Number of open sockets that carry no request. */
  get idleCount(): number {
    return Object.values(this.#agent.freeSockets).reduce((sum, sockets) => sum + sockets!.length, 0);
  }

  /** Sends a statement and returns the answer unjudged, its body as it came over the wire. */
  async send({
    query,
    params,
    data,
    queryId,
    database,
    settings,
    headers: given,
    trace,
    signal,
  }: Request): Promise<Answer> {
    const headers: Record<string, string> = { ...given, 'X-ClickHouse-Database': database };
    if (trace) headers['traceparent'] = traceparentOf(trace);
    let text = query;
    let inUrl = settings;
    if (params) {
      const bound = toRequestParams(params);
      if (new URLSearchParams(bound).toString().length > MAX_URL_PARAMS_LENGTH) {
        const form = multipart({ query, ...bound });
        text = form.body;
        headers['Content-Type'] = form.contentType;
      } else inUrl = { ...settings, ...bound };
    }
    const { stream, http_status_code, response_headers } = await this.#client.exec({
      query: text,
      // The client hands it on to the connection as it is.
      ...(data && { values: data as unknown as Readable }),
      query_id: queryId,
      // As above.
      abort_signal: signal as unknown as AbortSignal,
      clickhouse_settings: inUrl,
      http_headers: headers,
    });
    return { queryId, status: http_status_code ?? 0, headers: response_headers, body: stream };
  }

  /** Closes all sockets, busy ones too. */
  async close(): Promise<void> {
    const closed = [...this.#open].map((socket) => once(socket, 'close'));
    for (const socket of this.#open) socket.destroy();
    await Promise.all(closed);
  }

  /** Resolves with the head of the answer. */
  #exec({ query, values, query_id, clickhouse_settings, http_headers, abort_signal }: ExecParams) {
    let path = `/?query_id=${query_id!}`;
    for (const name in clickhouse_settings) {
      path += `&${name}=${encodeURIComponent(String(clickhouse_settings[name]))}`;
    }
    if (values) path += `&query=${encodeURIComponent(query)}`;
    const body = values ? (values as unknown as Uint8Array) : Buffer.from(query);
    const headers = {
      ...http_headers,
      ...this.#hostHeader,
      Authorization: this.#authorization.header(),
      'Content-Length': body.byteLength,
    };
    const signal = abort_signal as unknown as LightAbortSignal;
    this.#closeStaleSockets();
    return new Promise<ExecResult>((resolve, reject) => {
      const request = this.#send({ ...this.#target, path: path + this.#pinned.queryString, headers });
      signal.subscribe(() => {
        request.destroy();
        // A request that waits for a socket would report it only with one.
        reject(signal.reason as Error);
      });
      request.on('error', reject);
      request.on('response', (stream) => {
        const { statusCode, headers: response_headers } = stream;
        resolve({ query_id: query_id!, stream, http_status_code: statusCode!, response_headers });
      });
      request.end(body);
    });
  }

  /** Timers of idle sockets come late in a busy process. The agent takes the socket that was used last. */
  #closeStaleSockets(): void {
    const oldest = performance.now() - IDLE_SOCKET_TTL_MS;
    for (const sockets of Object.values(this.#agent.freeSockets)) {
      if (this.#idleSince.get(sockets!.at(-1)!)! < oldest) for (const socket of sockets!) socket.destroy();
    }
  }

  #createAgent(isSecure: boolean, maxSockets: number, connectionTimeoutMs: number): http.Agent {
    const options = { keepAlive: true, maxSockets, scheduling: 'lifo', timeout: IDLE_SOCKET_TTL_MS } as const;
    const agent = isSecure ? new https.Agent(options) : new http.Agent(options);
    const { createConnection } = agent;
    agent.createConnection = (options, callback) =>
      this.#watch(
        withReusedBuffer(
          (onread) => createConnection.call(agent, { ...options, onread }, callback) as Socket,
        ),
        isSecure ? 'secureConnect' : 'connect',
        connectionTimeoutMs,
      );
    return agent;
  }

  /** Counts a socket while it is open. Node's agents limit how long a socket may be silent, but not how long it may take to open. */
  #watch(socket: Socket, openEvent: 'connect' | 'secureConnect', timeoutMs: number): Socket {
    const timer = setTimeout(() => {
      const error = new Error('the connection took too long to open');
      socket.destroy(Object.assign(error, { code: 'ETIMEDOUT', syscall: 'connect' }));
    }, timeoutMs);
    this.#open.add(socket);
    socket.on('free', () => this.#idleSince.set(socket, performance.now()));
    socket.once(openEvent, () => clearTimeout(timer));
    socket.once('close', () => {
      clearTimeout(timer);
      this.#open.delete(socket);
    });
    return socket;
  }
}

/**
 * Opens a socket that reads into one buffer again and again. By itself it allocates 64 KiB for each read, of which there are four
 * times as many. The HTTP parser copies what it passes on.
 */
function withReusedBuffer(open: (onread: OnReadOpts) => Socket): Socket {
  const buffer = Buffer.allocUnsafeSlow(READ_BYTES);
  const socket = open({
    buffer,
    callback(count) {
      socket.emit('data', buffer.subarray(0, count));
      return true;
    },
  });
  return socket;
}

/** Returns bound values as parameters of a request: `param_symbol` for `{symbol:String}`. */
function toRequestParams(params: SqlParams): Record<string, string> {
  const texts: Record<string, string> = {};
  for (const name in params) {
    const value = params[name];
    texts[`param_${name}`] = Number.isSafeInteger(value) ? String(value) : toText(value, false);
  }
  return texts;
}

/** Returns a value in ClickHouse's escaped text format; strings inside arrays are quoted. */
function toText(value: unknown, isQuoted: boolean): string {
  switch (typeof value) {
    case 'string': {
      const escaped = value.replace(/[\t\n\r'\\]/g, (char) => ESCAPES[char]!);
      return isQuoted ? `'${escaped}'` : escaped;
    }
    case 'bigint':
      return String(value);
    case 'number':
      if (Number.isFinite(value)) return String(value);
      if (Number.isNaN(value)) return 'nan';
      return value > 0 ? '+inf' : '-inf';
    default:
      if (Array.isArray(value)) return `[${value.map((item) => toText(item, true)).join(',')}]`;
      throw new TypeError(`a ${typeof value} cannot be bound`);
  }
}

/** Returns a form that carries what is too long for a URL. Its boundary is random, so that no value can end its part. */
function multipart(parts: Readonly<Record<string, string>>): { body: string; contentType: string } {
  const boundary = `----${randomUUID()}`;
  const texts = Object.entries(parts).map(
    ([name, value]) => `--${boundary}\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`,
  );
  return {
    body: `${texts.join('')}--${boundary}--`,
    contentType: `multipart/form-data; boundary=${boundary}`,
  };
}
