import { finished } from 'node:stream/promises';
import type { ClickHouseClient } from '@clickhouse/client';
import { arrowBatches, arrowStream, arrowTable } from '@quantumtrade/dal-arrow';
import { tableFromIPC } from 'apache-arrow';
import { eachSide, inRounds } from '../bench.js';
import { settleServer } from '../settle.js';
import type { ReadCase } from './case.js';
import type { Cost } from './cost.js';
import { against, costOf, inCosts } from './cost.js';
import { sized } from '../sized.js';

const WARM_UP_ROWS = sized(10_000, 1_000);
const EXACT = { exact: true } as const;

const COLUMNS = 'ours, exact columns';
const COLUMN_STREAM = 'ours, exact streamColumns';
const BATCHES = 'ours, arrowBatches';
const BYTES = 'ours, arrowStream';
const ENGINE = '@clickhouse/client ArrowStream, tableFromIPC';

/** Arrow tables, batches and bytes against the columns of which they are made, and against Arrow made by the engine. */
export const arrow: ReadCase = async function* ({ server, tables, scale }) {
  const table = await tables.of200('merged');
  const { marketData } = table.backend;
  const { bulkRows: rows } = scale;
  const sides = {
    ours: async (limit: number) => (await arrowTable(table.backend, 'marketData', { limit })).numRows,
    [COLUMNS]: async (limit: number) => (await marketData.columns({ limit }, EXACT)).rowCount,
    [ENGINE]: (limit: number) => engineRows(table.raw, limit),
    [BATCHES]: (limit: number) =>
      rowsIn(arrowBatches(table.backend, 'marketData', { limit }), ({ numRows }) => numRows),
    [BYTES]: async (limit: number) => {
      const bytes = await rowsIn(arrowStream(table.backend, 'marketData', { limit }), ({ length }) => length);
      return bytes > limit ? limit : 0;
    },
    [COLUMN_STREAM]: (limit: number) =>
      rowsIn(marketData.streamColumns({ limit }, EXACT), ({ rowCount }) => rowCount),
  };
  const runs = await inRounds(
    scale.rounds,
    eachSide(sides, (read) => async (): Promise<Cost> => {
      await settleServer(server);
      await read(WARM_UP_ROWS);
      return costOf(async () => {
        const got = await read(rows);
        if (got !== rows) throw new Error(`${got} rows were read, ${rows} are there`);
      });
    }),
  );
  const title = `${rows.toLocaleString('en-US')} rows in key order`;
  yield* inCosts(`${title} into an Arrow table`, rows, against(runs, 'ours', [COLUMNS, ENGINE]), table.state);
  const batches = against(runs, BATCHES, [COLUMN_STREAM]);
  yield* inCosts(`${title} into Arrow batches`, rows, batches, table.state);
  const bytes = against(runs, BYTES, [COLUMN_STREAM]);
  yield* inCosts(`${title} into an Arrow IPC stream`, rows, bytes, table.state);
};

async function rowsIn<T>(items: AsyncIterable<T>, count: (item: T) => number): Promise<number> {
  let sum = 0;
  for await (const item of items) sum += count(item);
  return sum;
}

/** Reads Arrow that the engine makes. Its decimals and instants are those of the table, its texts are no dictionaries. */
async function engineRows(client: ClickHouseClient, limit: number): Promise<number> {
  const { stream } = await client.exec({
    query: `SELECT * FROM market_data LIMIT ${limit} FORMAT ArrowStream`,
    clickhouse_settings: { output_format_arrow_compression_method: 'none' },
  });
  const chunks: Buffer[] = [];
  stream.on('data', (chunk: Buffer) => chunks.push(chunk));
  await finished(stream);
  return tableFromIPC(Buffer.concat(chunks)).numRows;
}
