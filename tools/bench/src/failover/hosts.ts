import type { TimeSeriesBackend } from '@quantumtrade/dal-domain';
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

/** Reads ten bars of one symbol through our data layer. */
export async function readOurs(
  { marketData }: TimeSeriesBackend,
  n: number,
  deadline?: number,
): Promise<void> {
  const params = { symbol: symbolOf(n), startTime: FIRST_DAY, endTime: FIRST_DAY + 10 * DAY_MS };
  const { data } = await marketData.find(params, deadline === undefined ? undefined : { deadline });
  if (data.length !== 10) throw new Error(`${data.length} of 10 bars`);
}

/** Reads the same bars through the official client. */
export async function readRaw(client: ClickHouseClient, n: number, signal?: AbortSignal): Promise<void> {
  const answer = await client.query({
    query: `SELECT * FROM market_data FINAL WHERE symbol = {symbol:String} AND timestamp >= {from:DateTime64(3)}
      AND timestamp < {to:DateTime64(3)} ORDER BY timestamp, source`,
    query_params: { symbol: symbolOf(n), from: new Date(FIRST_DAY), to: new Date(FIRST_DAY + 10 * DAY_MS) },
    format: 'JSONEachRow',
    ...(signal && { abort_signal: signal }),
  });
  const rows = await answer.json();
  if (rows.length !== 10) throw new Error(`${rows.length} of 10 bars`);
}

const symbolOf = (n: number): string => SERIES.symbols[n % SYMBOLS]!;
