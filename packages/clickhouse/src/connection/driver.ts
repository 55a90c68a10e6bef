import type { Agent } from 'node:http';
import { Readable } from 'node:stream';
import type { ClickHouseClient as Driver } from '@clickhouse/client';
import { ClickHouseLogLevel, createClient } from '@clickhouse/client';
import type { Answer } from './answer.js';
import type { SessionSettings } from './pinned-settings.js';
import { formattedParams, multipart } from './query-params.js';
import type { CompleteSettings } from '../settings.js';
import type { SqlParams } from './sql.js';

/** Below the servers' keep-alive of 3 s (old) to 30 s, so that no request goes out on a socket the server just closed. */
const IDLE_SOCKET_TTL_MS = 2_500;
/** Each call has a deadline of its own; the driver's limit only has to come later. */
const AFTER_EVERY_DEADLINE_MS = 60_000;
/** Bound values in the URL at most: gateways refuse request lines of more than 8 KiB, and the settings need some of it. */
const MAX_URL_PARAMS_LENGTH = 2_048;

/** What a request carries besides its query. */
export interface Request {
  readonly queryId: string;
  readonly signal: AbortSignal;
  /** What goes with every query, merged with the request's own settings once. */
  readonly pinned: SessionSettings;
  readonly settings: SessionSettings;
  readonly database: string;
}

export interface Statement {
  readonly query: string;
  readonly params?: SqlParams | undefined;
  /** What an insert writes. */
  readonly data?: Uint8Array;
}

/** One driver serves all databases: it watches its sockets, so that two on one agent would watch each of them twice. */
export function createDriver(settings: CompleteSettings, agent: Agent): Driver {
  const { url, username, password, compression, requestTimeoutMs } = settings;
  return createClient({
    url,
    username,
    password: password ?? '',
    http_agent: agent,
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

/**
 * Sends a statement and returns what came back, whatever it is, with its body as it came over the wire. The driver judges
 * neither: it does not tell a gateway's answer from ClickHouse's, and loses errors that come behind rows.
 */
export async function send(
  driver: Driver,
  { query, params, data }: Statement,
  { queryId, signal, pinned, settings, database }: Request,
): Promise<Answer> {
  const bound = formattedParams(params);
  const isLong = new URLSearchParams(bound).toString().length > MAX_URL_PARAMS_LENGTH;
  const form = isLong ? multipart({ query, ...bound }) : undefined;
  const exec = {
    query: form?.body ?? query,
    query_id: queryId,
    abort_signal: signal,
    clickhouse_settings: { ...pinned, ...settings, ...(!isLong && bound) },
    http_headers: { 'X-ClickHouse-Database': database, ...form?.headers },
    decompress_response_stream: false,
    ignore_error_response: true,
  };
  const { stream, http_status_code, response_headers } = await (data === undefined
    ? driver.exec(exec)
    : driver.exec({ ...exec, values: Readable.from([data], { objectMode: false }) }));
  return { queryId, status: http_status_code ?? 0, headers: response_headers, body: stream };
}
