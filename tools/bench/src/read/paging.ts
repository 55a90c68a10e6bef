import type { PageQuery } from '@quantumtrade/dal-domain';
import type { Result } from '../bench.js';
import type { ReadCase, ReadContext } from './case.js';
import { oneCaller, requireRows } from './one-caller.js';
import { rawRows } from './raw.js';
import type { BarTable } from './tables.js';

const PAGE = 1_000;
/** Rows of the pages on the way to the deep one. */
const STRIDE = 100_000;

type BarQuery = PageQuery<'marketData'>;

/** Reads the first page and one near the end, in key order and in time order. */
export const paging: ReadCase = async function* (context) {
  const table = await context.tables.of200('merged');
  yield* compare(context, table, 'key order', {}, 'symbol, timestamp, source');
  yield* compare(context, table, 'time order', { order: 'time' }, 'timestamp, symbol, source');
};

async function* compare(
  context: ReadContext,
  table: BarTable,
  name: string,
  query: BarQuery,
  columns: string,
): AsyncGenerator<Result> {
  const depth = table.rows - 10 * PAGE;
  const cursor = await cursorAt(table, query, depth);
  const page = (params: BarQuery) => async () => {
    const { data } = await table.backend.marketData.find({ ...query, ...params, limit: PAGE, count: false });
    requireRows(data, PAGE);
  };
  const title = `a page of 1,000 rows in ${name}, ${depth.toLocaleString('en-US')} rows deep`;
  yield* oneCaller(context, title, table.state, {
    ours: page({ cursor }),
    'ours, first page': page({}),
    '@clickhouse/client json(), OFFSET': async () => {
      const query = `SELECT * FROM market_data ORDER BY ${columns} LIMIT ${PAGE} OFFSET ${depth}`;
      requireRows(await rawRows(table.raw, { query }), PAGE);
    },
  });
}

/** Returns the cursor behind so many rows. */
async function cursorAt({ backend }: BarTable, query: BarQuery, depth: number): Promise<string> {
  let cursor: string | null = null;
  for (let read = 0; read < depth;) {
    const limit = Math.min(STRIDE, depth - read);
    const params: BarQuery = { ...query, limit, count: false, ...(cursor !== null && { cursor }) };
    const page = await backend.marketData.find(params);
    requireRows(page.data, limit);
    read += limit;
    cursor = page.nextCursor;
  }
  return cursor!;
}
