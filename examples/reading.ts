import { arrowStream, arrowTable } from '@quantumtrade/dal-arrow';
import { defineConfig } from '@quantumtrade/dal-config';
import { memoryModule, openDatabase } from '@quantumtrade/dal-container';

const { database, close } = await openDatabase(memoryModule(defineConfig({})));

const DAY = Date.UTC(2024, 0, 2);
const MINUTE = 60_000;
const records = ['AAPL', 'MSFT'].flatMap((symbol) =>
  Array.from({ length: 1_440 }, (_, n) => ({
    symbol,
    timestamp: DAY + n * MINUTE,
    open: 100 + n / 100,
    high: 101 + n / 100,
    low: 99 + n / 100,
    close: 100.5 + n / 100,
    adjustedClose: 100.5 + n / 100,
    volume: 1_000 + n,
    qualityScore: 100,
  })),
);
await database.insertMarketData({ source: 'example', records });

// A page, and the pages after it. Rows have the selected fields only.
const params = { symbols: ['AAPL', 'MSFT'], select: ['symbol', 'close'], limit: 1_000 } as const;
let page = await database.getMarketData(params);
console.log(page.data.length, 'of', page.totalCount, 'bars, the first', page.data[0]);
let pages = 1;
while (page.nextCursor !== null) {
  page = await database.getMarketData({ ...params, cursor: page.nextCursor });
  pages++;
}
console.log(pages, 'pages, the last with', page.data.length);

// All rows in constant memory. Leaving the loop ends the query.
let volume = 0;
for await (const bars of database.marketData.stream({ symbol: 'AAPL', batchRows: 500 })) {
  for (const bar of bars) volume += bar.volume;
}
console.log('volume of AAPL', volume);

// Whole columns as typed arrays.
const { rowCount, columns } = await database.marketData.columns({ symbol: 'MSFT', select: ['close'] });
console.log('mean close of MSFT', columns.close.reduce((sum, close) => sum + close, 0) / rowCount);

// The same bars as an Arrow table, and as the bytes of an Arrow IPC stream, where apache-arrow is installed.
const table = await arrowTable(database, 'marketData', { symbol: 'MSFT' });
let bytes = 0;
for await (const part of arrowStream(database, 'marketData', { symbol: 'MSFT' })) bytes += part.length;
console.log(table.numRows, 'rows in Arrow,', bytes, 'bytes as a stream');

// The newest bar of each symbol in one call, through the cache.
const latest = await database.marketData.latestMany(['AAPL', 'MSFT', 'NONE'], 1);
for (const [symbol, [bar]] of latest) console.log(symbol, bar!.timestamp.toISOString(), bar!.close);

await close();
