import type { CallOptions, TimeSeriesBackend } from '@quantumtrade/dal-domain';
import { connectClickHouse, type ClickHouseSettings } from '@quantumtrade/dal-clickhouse';
import { EngineHost } from '@quantumtrade/dal-fault-lab';
import type { ClickHouseClient } from '@clickhouse/client';
import { ClickHouseLogLevel, createClient } from '@clickhouse/client';
import type { Server } from '../bench.js';
import { barSymbols, benchBars } from '../write/bars.js';

const PASSWORD = 'bench';
const DATABASE = 'failover';
const SYMBOLS = 20;
const BARS_PER_SYMBOL = 50;
const DAY_MS = 86_400_000;
const FIRST_DAY = Date.UTC(2024, 0, 1);
/** Days of a read at most, and days on which a read may begin. */
const MAX_DAYS = 10;
const FIRST_DAYS = BARS_PER_SYMBOL - MAX_DAYS;
const SERIES = { symbols: barSymbols(SYMBOLS), startMs: FIRST_DAY, stepMs: DAY_MS };

/** Two hosts with the same rows, as two replicas have them. */
export interface BenchHosts extends Server {
  readonly hosts: { readonly a: EngineHost; readonly b: EngineHost };
  /** Opens our data layer over these hosts. */
  open(hosts: readonly EngineHost[], more?: Partial<ClickHouseSettings>): TimeSeriesBackend;
  /** Opens the official client on one host; it takes no others. */
  openRaw(host: EngineHost): ClickHouseClient;
}

/** Starts the hosts and fills their tables. */
export async function startBenchHosts(): Promise<BenchHosts> {
  const [a, b] = await Promise.all([EngineHost.start(PASSWORD), EngineHost.start(PASSWORD)]);
  const common = { database: DATABASE, username: a.username, password: PASSWORD };
  const open: BenchHosts['open'] = (hosts, more) =>
    connectClickHouse({ ...common, endpoints: hosts.map(({ url }) => ({ url })), ...more });
  const records = benchBars(SYMBOLS * BARS_PER_SYMBOL, SERIES).next().value;
  for (const host of [a, b]) {
    const backend = open([host]);
    await backend.schema.initialize();
    await backend.marketData.insert({ source: 'bench', records });
    await backend.probe.close();
  }
  return {
    hosts: { a, b },
    open,
    openRaw: ({ url, username }) =>
      createClient({
        url,
        username,
        password: PASSWORD,
        database: DATABASE,
        log: { level: ClickHouseLogLevel.OFF },
      }),
    engine: `ClickHouse ${(await a.query('SELECT version()')).trim()}`,
    stop: async () => void (await Promise.all([a.stop(), b.stop()])),
  };
}

/** Reads some bars of one symbol through our data layer. Thousands of reads differ, so that none shares another one's query. */
export async function readOurs(
  { marketData }: TimeSeriesBackend,
  n: number,
  options?: CallOptions,
): Promise<void> {
  const { symbol, startMs, endMs, days } = selectionOf(n);
  const { data } = await marketData.find({ symbol, startTime: startMs, endTime: endMs }, options);
  if (data.length !== days) throw new Error(`${data.length} of ${days} bars`);
}

/** Reads the same bars through the official client. */
export async function readRaw(client: ClickHouseClient, n: number, signal?: AbortSignal): Promise<void> {
  const { symbol, startMs, endMs, days } = selectionOf(n);
  const answer = await client.query({
    query: `SELECT * FROM market_data FINAL WHERE symbol = {symbol:String} AND timestamp >= {from:DateTime64(3)}
      AND timestamp < {to:DateTime64(3)} ORDER BY timestamp, source`,
    query_params: { symbol, from: new Date(startMs), to: new Date(endMs) },
    format: 'JSONEachRow',
    ...(signal && { abort_signal: signal }),
  });
  const rows = await answer.json();
  if (rows.length !== days) throw new Error(`${rows.length} of ${days} bars`);
}

/** Returns the symbol and the five to ten days of a read. */
function selectionOf(n: number) {
  const window = Math.floor(n / SYMBOLS);
  const days = MAX_DAYS - (Math.floor(window / FIRST_DAYS) % 6);
  const startMs = FIRST_DAY + (window % FIRST_DAYS) * DAY_MS;
  return { symbol: SERIES.symbols[n % SYMBOLS]!, startMs, endMs: startMs + days * DAY_MS, days };
}
