import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import type { ClientRequest } from 'node:http';
import http from 'node:http';
import https from 'node:https';
import type { Socket } from 'node:net';
import { Readable } from 'node:stream';
import type { ClickHouseClient as OfficialClient } from '@clickhouse/client';
import { ClickHouseLogLevel, createClient } from '@clickhouse/client';
import type { Answer } from '../answer.js';
import type { PinnedSettings, SessionSettings } from '../pinned-settings.js';
import type { CompleteSettings } from '../../settings.js';
import type { SqlParams } from '../sql.js';

/** Below the servers' keep-alive of 3 s (old) to 30 s, so that no request goes out on a socket the server just closed. */
const IDLE_SOCKET_TTL_MS = 2_500;
/** Each call has a deadline of its own; the client's limit only has to come later. */
const AFTER_EVERY_DEADLINE_MS = 60_000;
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
  readonly signal: AbortSignal;
}

/** Undocumented method of Node's agents, which packages such as http-proxy-agent override too. */
interface PatchedAgent extends http.Agent {
  addRequest(request: ClientRequest, options: object): void;
}

/** Sends statements to one server through the official client, over a bounded number of sockets. */
export class HttpDriver {
  readonly #client: OfficialClient;
  readonly #open = new Set<Socket>();

  /**
   * Appends the query string of pinned settings to every request in the agent: the client would build the text of all settings
   * again for each request.
   */
  constructor(
    settings: CompleteSettings,
    maxConnections: number,
    pinned: Pick<PinnedSettings, 'queryString'> = { queryString: '' },
  ) {
    const { url, username, password, compression, requestTimeoutMs, connectionTimeoutMs } = settings;
    this.#client = createClient({
      url,
      username,
      password: password ?? '',
      http_agent: this.#createAgent(url, maxConnections, connectionTimeoutMs, pinned),
      keep_alive: {
        enabled: true,
        idle_socket_ttl: IDLE_SOCKET_TTL_MS,
        eagerly_destroy_stale_sockets: true,
      },
      request_timeout: requestTimeoutMs + AFTER_EVERY_DEADLINE_MS,
      // Compressing a block takes longer than storing it.
      compression: { request: false, response: compression },
      log: { level: ClickHouseLogLevel.OFF },
    });
  }

  /** Number of open sockets, idle ones included. */
  get connectionCount(): number {
    return this.#open.size;
  }

  /**
   * Sends a statement and returns the answer unjudged, its body as it came over the wire: the client takes a gateway's
   * answer for ClickHouse's, and loses errors that come behind rows.
   */
  async send({ query, params, data, queryId, database, settings, signal }: Request): Promise<Answer> {
    const headers: Record<string, string> = { 'X-ClickHouse-Database': database };
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
      ...(data && { values: Readable.from([data], { objectMode: false }) }),
      query_id: queryId,
      abort_signal: signal,
      clickhouse_settings: inUrl,
      http_headers: headers,
      decompress_response_stream: false,
      ignore_error_response: true,
    });
    return { queryId, status: http_status_code ?? 0, headers: response_headers, body: stream };
  }

  /** Closes all sockets, busy ones too. */
  async close(): Promise<void> {
    const closed = [...this.#open].map((socket) => once(socket, 'close'));
    for (const socket of this.#open) socket.destroy();
    await Promise.all(closed);
  }

  #createAgent(
    url: string,
    maxSockets: number,
    connectionTimeoutMs: number,
    pinned: Pick<PinnedSettings, 'queryString'>,
  ): http.Agent {
    const isSecure = url.startsWith('https:');
    const options = { keepAlive: true, maxSockets, scheduling: 'lifo' } as const;
    const agent = (isSecure ? new https.Agent(options) : new http.Agent(options)) as PatchedAgent;
    const { createConnection, addRequest } = agent;
    agent.createConnection = (...args) =>
      this.#watch(
        createConnection.apply(agent, args) as Socket,
        isSecure ? 'secureConnect' : 'connect',
        connectionTimeoutMs,
      );
    agent.addRequest = (request, ...rest) => {
      request.path += pinned.queryString;
      addRequest.call(agent, request, ...rest);
    };
    return agent;
  }

  /** Counts a socket while it is open. Node's agents limit how long a socket may be silent, but not how long it may take to open. */
  #watch(socket: Socket, openEvent: 'connect' | 'secureConnect', timeoutMs: number): Socket {
    const timer = setTimeout(() => {
      socket.destroy(Object.assign(new Error('the connection took too long to open'), { code: 'ETIMEDOUT' }));
    }, timeoutMs);
    this.#open.add(socket);
    socket.once(openEvent, () => clearTimeout(timer));
    socket.once('close', () => {
      clearTimeout(timer);
      this.#open.delete(socket);
    });
    return socket;
  }
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
