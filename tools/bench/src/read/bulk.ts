import { connectClickHouse } from '@quantumtrade/dal-clickhouse';
import type { ColumnQuery } from '@quantumtrade/dal-domain';
import type { Result } from '../bench.js';
import { eachSide, inRounds } from '../bench.js';
import { settleServer } from '../settle.js';
import type { BulkJob } from './bulk-process.js';
import type { ReadCase, ReadContext } from './case.js';
import type { Cost } from './cost.js';
import { against, inCosts } from './cost.js';
import { inOwnProcess } from './own-process.js';
import type { RawQuery } from './raw.js';
import { datesOf } from './raw.js';
import { largest, recordRequests } from './recorder.js';
import type { BarTable, PartState } from './tables.js';

const BULK_PROCESS = new URL('./bulk-process.js', import.meta.url);
const STATES: readonly PartState[] = ['merged', 'inserted'];
const MAX_ROUNDS = 3;

const OBJECTS = 'ours';
const NUMERIC = 'ours, instants as numbers';
const UNCOUNTED = 'ours, count: false';
const UNCOUNTED_NUMERIC = 'ours, instants as numbers, count: false';
const EXACT = 'ours, exact objects';
const COLUMNS = 'ours, columns';
const EXACT_COLUMNS = 'ours, exact columns';
const JSON_ROWS = '@clickhouse/client json()';
const NATIVE = '@clickhouse/client Native, dropped';
const SAME_BYTES = "our query's bytes, dropped";

const FORMS = {
  [OBJECTS]: 'objects',
  [NUMERIC]: 'numeric',
  [UNCOUNTED]: 'uncounted',
  [UNCOUNTED_NUMERIC]: 'uncountedNumeric',
  [EXACT]: 'exact',
  [COLUMNS]: 'columns',
  [EXACT_COLUMNS]: 'exactColumns',
  [JSON_ROWS]: 'json',
  [NATIVE]: 'native',
  [SAME_BYTES]: 'sameBytes',
} as const satisfies Record<string, BulkJob['form']>;

/** One way of naming rows, for the data layer and in plain SQL. */
interface Selection {
  readonly name: string;
  readonly rows: number;
  readonly params: ColumnQuery<'marketData'>;
  readonly plain: RawQuery;
}

/**
 * Bulk reads of merged and of unmerged parts, into every form. Each measurement has a process of its own: in one process
 * the forms would share a heap, and what V8 has learnt of the objects of one form would change the cost of another.
 */
export const bulk: ReadCase = async function* (context) {
  for (const state of STATES) {
    const table = await context.tables.of200(state);
    for (const selection of selections(table, context.scale.bulkRows)) {
      yield* compare(context, table, state, selection);
    }
  }
};

async function* compare(
  { server, scale }: ReadContext,
  table: BarTable,
  state: PartState,
  { name, rows, params, plain }: Selection,
): AsyncGenerator<Result> {
  const { settings } = server;
  const recorded = await recordRequests(settings.url, async (url) => {
    const { marketData, probe } = connectClickHouse({ ...settings, url, database: table.name });
    await marketData.columns(params);
    await probe.close();
  });
  const job = { settings, database: table.name, rows, params, plain, request: largest(recorded) };
  const read = (form: BulkJob['form']) => async () => {
    await settleServer(server);
    return inOwnProcess<BulkJob, Cost>(BULK_PROCESS, { ...job, form });
  };
  const runs = await inRounds(Math.min(MAX_ROUNDS, scale.rounds), eachSide(FORMS, read));
  const title = `${rows.toLocaleString('en-US')} rows ${name}, ${state} parts`;
  const peers = [JSON_ROWS, NATIVE, SAME_BYTES];
  const into = (form: string, ours: string, others: readonly string[]) =>
    inCosts(`${title}, into ${form}`, rows, against(runs, ours, [...others, ...peers]), table.state);
  yield* into('objects', OBJECTS, [UNCOUNTED, EXACT]);
  yield* into('objects with instants as numbers', NUMERIC, []);
  yield* into('objects with instants as numbers, not counted', UNCOUNTED_NUMERIC, []);
  yield* into('columns', COLUMNS, [EXACT_COLUMNS]);
}

function selections({ series, barsPerSymbol }: BarTable, rows: number): Selection[] {
  const { symbols, startMs, stepMs } = series;
  const instants = Math.ceil(rows / symbols.length);
  const startTime = startMs + Math.floor((barsPerSymbol - instants) / 2) * stepMs;
  const range = { startTime, endTime: startTime + instants * stepMs };
  const symbol = symbols[Math.floor(symbols.length / 2)]!;
  const ofOne = Math.min(rows, barsPerSymbol);
  return [
    {
      name: 'in key order',
      rows,
      params: { limit: rows },
      plain: { query: `SELECT * FROM market_data LIMIT ${rows}` },
    },
    {
      name: 'of a time range',
      rows,
      params: { ...range, limit: rows },
      plain: {
        query: `SELECT * FROM market_data WHERE timestamp >= {start:DateTime64(3)} AND timestamp < {end:DateTime64(3)}`,
        query_params: datesOf(range),
      },
    },
    {
      name: 'of one symbol',
      rows: ofOne,
      params: { symbol, limit: ofOne },
      plain: {
        query: `SELECT * FROM market_data WHERE symbol = {symbol:String} ORDER BY timestamp LIMIT ${ofOne}`,
        query_params: { symbol },
      },
    },
  ];
}
