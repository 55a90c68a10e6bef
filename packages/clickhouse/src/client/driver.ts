import type { Agent } from 'node:http';
import type { ClickHouseClient as Driver, ClickHouseSettings as SessionSettings } from '@clickhouse/client';
import { ClickHouseLogLevel, createClient } from '@clickhouse/client';
import { onAbort } from '@quantumtrade/dal-runtime';
import type { CompleteSettings } from './settings.js';
import type { SqlParams } from './sql.js';

/** Below the servers' keep-alive of 3 s (old) to 30 s, so that no request goes out on a socket the server just closed. */
const IDLE_SOCKET_TTL_MS = 2_500;
/** Each call has a deadline of its own; the driver's limit only has to come later. */
const AFTER_EVERY_DEADLINE_MS = 60_000;

/** What a request carries besides its query. */
export interface Request {
  readonly query_id: string;
  readonly abort_signal: AbortSignal;
  readonly clickhouse_settings: SessionSettings;
  readonly http_headers: Record<string, string>;
}

/** One driver serves all databases: it watches its sockets, so that two on one agent would watch each of them twice. */
export const inDatabase = (database: string): Record<string, string> => ({
  'X-ClickHouse-Database': database,
});

/** What makes values exact and answers the same on every server, whatever its profile says. */
const SESSION: SessionSettings = {
  // An insert is acknowledged when it is stored, not when it is queued.
  async_insert: 0,
  date_time_input_format: 'best_effort',
  date_time_output_format: 'iso',
  output_format_json_quote_64bit_integers: 1,
  output_format_json_quote_decimals: 1,
  output_format_json_quote_denormals: 1,
  output_format_decimal_trailing_zeros: 1,
  // The partition follows from the key, so that versions of one row are never in two of them.
  do_not_merge_across_partitions_select_final: 1,
};

export function createDriver(settings: CompleteSettings, agent: Agent): Driver {
  const { url, username, password, compression, requestTimeoutMs, maxQuerySize } = settings;
  return createClient({
    url,
    username,
    password,
    http_agent: agent,
    keep_alive: {
      enabled: true,
      idle_socket_ttl: IDLE_SOCKET_TTL_MS,
      eagerly_destroy_stale_sockets: true,
    },
    request_timeout: requestTimeoutMs + AFTER_EVERY_DEADLINE_MS,
    // Compressing a block takes longer than storing it.
    compression: { request: false, response: compression },
    use_multipart_params_auto: true,
    log: { level: ClickHouseLogLevel.OFF },
    clickhouse_settings: { ...SESSION, max_query_size: String(maxQuerySize) },
  });
}

export async function read<T>(
  driver: Driver,
  query: string,
  params: SqlParams | undefined,
  request: Request,
): Promise<T[]> {
  const result = await driver.query({
    query,
    format: 'JSONEachRow',
    ...(params && { query_params: params }),
    ...request,
  });
  // The driver listens to the signal only until the head of the answer is there.
  const ignore = onAbort(request.abort_signal, () => result.close());
  try {
    return await result.json<T>();
  } finally {
    ignore();
  }
}

/** The head of the answer then says whether all went well; nobody reads the body of a statement without rows. */
export function answeringAtTheEnd(request: Request): Request {
  return { ...request, clickhouse_settings: { ...request.clickhouse_settings, wait_end_of_query: 1 } };
}

/**
 * A block that is stored once, however often it is sent. Each write has a token of its own: by their data alone, tables
 * that remember recent inserts would take equal rows for a repetition, also when others were written over them since.
 */
export function storedOnce(token: string, request: Request): Request {
  const clickhouse_settings: SessionSettings = {
    ...request.clickhouse_settings,
    insert_deduplicate: 1,
    insert_deduplication_token: token,
    // Replacing rows of one key within a block costs the engine as much as storing it; readers and merges do it anyway.
    optimize_on_insert: 0,
    // What the table has no column for is refused, not dropped.
    input_format_skip_unknown_fields: 0,
  };
  return { ...request, clickhouse_settings };
}
