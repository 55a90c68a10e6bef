import http from 'node:http';
import { connectClickHouse } from '@quantumtrade/dal-clickhouse';
import type { ColumnQuery } from '@quantumtrade/dal-domain';
import type { Result } from '../bench.js';
import { eachSide, inRounds } from '../bench.js';
import { settleServer } from '../settle.js';
import type { ReadCase, ReadContext } from './case.js';
import type { Cost } from './cost.js';
import { against, costOf, inCosts } from './cost.js';
import type { RawQuery } from './raw.js';
import { datesOf, rawBytes, rawRows } from './raw.js';
import { largest, receiveAndDrop, recordRequests } from './recorder.js';
import type { BarTable, PartState } from './tables.js';

const WARM_UP_ROWS = 10_000;
const STATES: readonly PartState[] = ['merged', 'inserted'];

const UNCOUNTED = 'ours, count: false';
const EXACT = 'ours, exact objects';
const COLUMNS = 'ours, columns';
const EXACT_COLUMNS = 'ours, exact columns';
const JSON_ROWS = '@clickhouse/client json()';
const NATIVE = '@clickhouse/client Native, dropped';
const SAME_BYTES = "our query's bytes, dropped";

/** One way of naming so many rows, for the data layer and in plain SQL. */
interface Selection {
  readonly name: string;
  readonly rows: number;
  params(rows: number): ColumnQuery<'marketData'>;
  plain(rows: number): RawQuery;
}

/** Bulk reads of merged and of unmerged parts, into every form. */
export const bulk: ReadCase = async function* (context) {
  for (const state of STATES) {
    const table = await context.tables.of200(state);
    for (const selection of selections(table, context.scale.bulkRows)) {
      yield* compare(context, table, state, selection);
    }
  }
};

async function* compare(
  context: ReadContext,
  table: BarTable,
  state: PartState,
  { name, rows, params, plain }: Selection,
): AsyncGenerator<Result> {
  const { server, scale } = context;
  const { marketData } = table.backend;
  const agent = new http.Agent({ keepAlive: true });
  const recorded = await recordRequests(server.settings.url, async (url) => {
    const { marketData, probe } = connectClickHouse({ ...server.settings, url, database: table.name });
    await marketData.columns(params(rows));
    await probe.close();
  });
  const sameBytes = largest(recorded);
  const sides = {
    ours: async (rows: number) => (await marketData.find(params(rows))).data.length,
    [EXACT]: async (rows: number) => (await marketData.find(params(rows), { exact: true })).data.length,
    [UNCOUNTED]: async (rows: number) =>
      (await marketData.find({ ...params(rows), count: false })).data.length,
    [COLUMNS]: async (rows: number) => (await marketData.columns(params(rows))).rowCount,
    [EXACT_COLUMNS]: async (rows: number) =>
      (await marketData.columns(params(rows), { exact: true })).rowCount,
    [JSON_ROWS]: async (rows: number) => (await rawRows(table.raw, plain(rows))).length,
    [NATIVE]: (rows: number) => rawBytes(table.raw, plain(rows)),
    [SAME_BYTES]: () => receiveAndDrop(server.settings.url, sameBytes, agent),
  };
  const measure = (read: (rows: number) => Promise<number>) => async (): Promise<Cost> => {
    await settleServer(server);
    await read(Math.min(rows, WARM_UP_ROWS));
    return costOf(async () => {
      const got = await read(rows);
      if (got < rows) throw new Error(`${got} rows were read, ${rows} are there`);
    });
  };
  const runs = await inRounds(scale.rounds, eachSide(sides, measure));
  const title = `${rows.toLocaleString('en-US')} rows ${name}, ${state} parts`;
  const peers = [JSON_ROWS, NATIVE, SAME_BYTES];
  const objects = against(runs, 'ours', [UNCOUNTED, EXACT, ...peers]);
  yield* inCosts(`${title}, into objects`, rows, objects, table.state);
  const columns = against(runs, COLUMNS, [EXACT_COLUMNS, ...peers]);
  yield* inCosts(`${title}, into columns`, rows, columns, table.state);
  agent.destroy();
}

function selections({ series, barsPerSymbol }: BarTable, rows: number): Selection[] {
  const { symbols, startMs, stepMs } = series;
  const range = (rows: number) => {
    const instants = Math.ceil(rows / symbols.length);
    const startTime = startMs + Math.floor((barsPerSymbol - instants) / 2) * stepMs;
    return { startTime, endTime: startTime + instants * stepMs };
  };
  const symbol = symbols[Math.floor(symbols.length / 2)]!;
  return [
    {
      name: 'in key order',
      rows,
      params: (limit) => ({ limit }),
      plain: (limit) => ({ query: `SELECT * FROM market_data LIMIT ${limit}` }),
    },
    {
      name: 'of a time range',
      rows,
      params: (limit) => ({ ...range(limit), limit }),
      plain: (limit) => ({
        query: `SELECT * FROM market_data WHERE timestamp >= {start:DateTime64(3)} AND timestamp < {end:DateTime64(3)}`,
        query_params: datesOf(range(limit)),
      }),
    },
    {
      name: 'of one symbol',
      rows: Math.min(rows, barsPerSymbol),
      params: (limit) => ({ symbol, limit }),
      plain: (limit) => ({
        query: `SELECT * FROM market_data WHERE symbol = {symbol:String} ORDER BY timestamp LIMIT ${limit}`,
        query_params: { symbol },
      }),
    },
  ];
}
