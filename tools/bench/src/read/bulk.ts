import { connectClickHouse } from '@quantumtrade/dal-clickhouse';
import type { ColumnQuery } from '@quantumtrade/dal-domain';
import type { Result } from '../bench.js';
import { eachSide, inRounds } from '../bench.js';
import { settleServer } from '../settle.js';
import type { BulkJob, BulkParams } from './bulk-process.js';
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
const OBJECTS_IN_ANY_ORDER = 'ours, objects in any order';
const NUMERIC_IN_ANY_ORDER = 'ours, objects in any order, instants as numbers, count: false';
const STREAMED_IN_ANY_ORDER = 'ours, streamed objects in any order';
const STREAMED_NUMERIC_IN_ANY_ORDER = 'ours, streamed objects in any order, instants as numbers';
const COLUMNS_IN_ANY_ORDER = 'ours, columns in any order';
const JSON_ROWS = '@clickhouse/client json()';
const NATIVE = '@clickhouse/client Native, dropped';
const SAME_BYTES = "our query's bytes, dropped";
const SAME_BYTES_IN_ANY_ORDER = "our query's bytes in any order, dropped";

const FORMS = {
  [OBJECTS]: 'objects',
  [NUMERIC]: 'numeric',
  [UNCOUNTED]: 'uncounted',
  [UNCOUNTED_NUMERIC]: 'uncountedNumeric',
  [EXACT]: 'exact',
  [COLUMNS]: 'columns',
  [EXACT_COLUMNS]: 'exactColumns',
  [OBJECTS_IN_ANY_ORDER]: 'objectsInAnyOrder',
  [NUMERIC_IN_ANY_ORDER]: 'numericInAnyOrder',
  [STREAMED_IN_ANY_ORDER]: 'streamedInAnyOrder',
  [STREAMED_NUMERIC_IN_ANY_ORDER]: 'streamedNumericInAnyOrder',
  [COLUMNS_IN_ANY_ORDER]: 'columnsInAnyOrder',
  [JSON_ROWS]: 'json',
  [NATIVE]: 'native',
  [SAME_BYTES]: 'sameBytes',
  [SAME_BYTES_IN_ANY_ORDER]: 'sameBytesInAnyOrder',
} as const satisfies Record<string, BulkJob['form']>;

/** One way of naming rows, for the data layer and in plain SQL. */
interface Selection {
  readonly name: string;
  readonly rows: number;
  readonly params: BulkParams;
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
  const recorded = async (more?: ColumnQuery<'marketData'>) => {
    const requests = await recordRequests(settings.url, async (url) => {
      const { marketData, probe } = connectClickHouse({ ...settings, url, database: table.name });
      await marketData.columns({ ...params, ...more });
      await probe.close();
    });
    return largest(requests);
  };
  const requests = { ordered: await recorded(), inAnyOrder: await recorded({ order: 'none' }) };
  const job = { settings, database: table.name, rows, params, plain, requests };
  const read = (form: BulkJob['form']) => async () => {
    await settleServer(server);
    return inOwnProcess<BulkJob, Cost>(BULK_PROCESS, { ...job, form });
  };
  const runs = await inRounds(Math.min(MAX_ROUNDS, scale.rounds), eachSide(FORMS, read));
  const title = `${rows.toLocaleString('en-US')} rows ${name}, ${state} parts`;
  const into = (form: string, ours: string, others: readonly string[]) => {
    const sides = against(runs, ours, [...others, JSON_ROWS, NATIVE]);
    return inCosts(`${title}, into ${form}`, rows, sides, table.state);
  };
  yield* into('objects', OBJECTS, [UNCOUNTED, EXACT, SAME_BYTES]);
  yield* into('objects with instants as numbers', NUMERIC, [SAME_BYTES]);
  yield* into('objects with instants as numbers, not counted', UNCOUNTED_NUMERIC, [SAME_BYTES]);
  yield* into('columns', COLUMNS, [EXACT_COLUMNS, SAME_BYTES]);
  const sameBytes = [SAME_BYTES_IN_ANY_ORDER];
  yield* into('objects in any order', OBJECTS_IN_ANY_ORDER, sameBytes);
  yield* into('objects in any order with instants as numbers, not counted', NUMERIC_IN_ANY_ORDER, sameBytes);
  const streamed = [STREAMED_NUMERIC_IN_ANY_ORDER, ...sameBytes];
  yield* into('streamed objects in any order', STREAMED_IN_ANY_ORDER, streamed);
  yield* into('columns in any order', COLUMNS_IN_ANY_ORDER, [COLUMNS, ...sameBytes]);
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
      name: 'of all symbols',
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
