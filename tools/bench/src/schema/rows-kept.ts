import type { Bench } from '../bench.js';
import { measuredOnce } from '../bench.js';
import type { BenchServer } from '../server.js';

const AT = '2024-01-02 14:30:00.000';
const BARS = 1000;

/** Counts the rows that are kept of similar ones. */
export const rowsKept: Bench<BenchServer> = async function* (server) {
  const left = async (table: string) => server.number(`SELECT count() FROM ${table} FINAL`);

  const twoHeadlines = async (table: string) => {
    for (const values of [`'Profit warning', 11`, `'CEO resigns', 12`]) {
      await server.run(`INSERT INTO ${table} (symbol, timestamp, source, headline, content_hash)
        VALUES ('ACME', '${AT}', 'wire', ${values})`);
    }
    return left(table);
  };
  yield await measuredOnce(
    { case: 'headlines kept of two in one millisecond', unit: 'rows' },
    {
      ours: () => twoHeadlines('ours.sentiment_data'),
      specification: () => twoHeadlines('specification.sentiment_data'),
    },
  );

  yield await measuredOnce(
    { case: 'rows after a batch of 1,000 was sent twice', unit: 'rows' },
    {
      ours: async () => {
        await send(server, 'ours.market_data', [{ writtenAt: 1 }, { writtenAt: 1 }]);
        return left('ours.market_data');
      },
      specification: async () => {
        await send(server, 'specification.market_data', [{}, {}]);
        return server.number('SELECT count() FROM specification.market_data');
      },
    },
  );

  await createLike(server, 'ours.bars_last_insert_wins', 'ReplacingMergeTree', 'symbol, timestamp, source');
  const correctionThenOldBatch = async (table: string) => {
    await send(server, table, [{ writtenAt: 1 }, { writtenAt: 2, close: 101 }, { writtenAt: 1 }]);
    return server.number(`SELECT countIf(close = 101) FROM ${table} FINAL`);
  };
  yield await measuredOnce(
    { case: 'corrections kept of 1,000 when the old batch is sent again', unit: 'rows' },
    {
      ours: () => correctionThenOldBatch('ours.market_data'),
      'last insert wins': () => correctionThenOldBatch('ours.bars_last_insert_wins'),
    },
  );

  await createLike(server, 'ours.bars_without_source', 'ReplacingMergeTree(written_at)', 'symbol, timestamp');
  const twoVendors = async (table: string) => {
    await send(server, table, [{ writtenAt: 1 }, { writtenAt: 1, source: 'another vendor' }]);
    return left(table);
  };
  yield await measuredOnce(
    { case: 'bars kept of two vendors with 1,000 each at the same instants', unit: 'rows' },
    {
      ours: () => twoVendors('ours.market_data'),
      'key without source': () => twoVendors('ours.bars_without_source'),
    },
  );
};

/** Bars at the same instants, batch after batch, into an empty table. */
async function send(
  server: BenchServer,
  table: string,
  batches: { writtenAt?: number; close?: number; source?: string }[],
): Promise<void> {
  await server.run(`TRUNCATE TABLE ${table}`);
  for (const { writtenAt, close = 100, source = 'vendor' } of batches) {
    const version = writtenAt === undefined ? '' : `, toDateTime64(${writtenAt}, 3, 'UTC')`;
    await server.run(`INSERT INTO ${table} (symbol, timestamp, close, source${version && ', written_at'})
      SELECT 'ACME', toDateTime64('${AT}', 3, 'UTC') + toIntervalMinute(number), ${close}, '${source}'${version}
      FROM numbers(${BARS})`);
  }
}

function createLike(server: BenchServer, table: string, engine: string, key: string): Promise<void> {
  return server.run(
    `CREATE TABLE ${table} AS ours.market_data ENGINE = ${engine} PARTITION BY toYYYYMM(timestamp) ORDER BY (${key})`,
  );
}
