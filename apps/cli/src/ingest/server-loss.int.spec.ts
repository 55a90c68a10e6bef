import { join } from 'node:path';
import { parseConfig } from '@quantumtrade/dal-config';
import type { OpenDatabase } from '@quantumtrade/dal-container';
import { embeddedModule, openDatabase, TOKENS } from '@quantumtrade/dal-container';
import { DemoRandom } from '../demo/random.js';
import { SP500 } from '../demo/sp500.js';
import { ScratchDirectory, sp500Bars } from '../testing.js';
import { ingestFile } from './ingest-file.js';

/** Seed of the moment of the kill. */
const SEED = Number(process.env['QT_SEED'] ?? 1);
const scratch = new ScratchDirectory();
afterAll(() => scratch.remove());

const config = parseConfig('[redis]\nurl = "redis://127.0.0.1:9"', {});
const options = { symbol: SP500.symbol, source: SP500.source, batchSize: 400 };

async function open(dataDirectory: string): Promise<OpenDatabase> {
  const opened = await openDatabase(embeddedModule({ ...config, embedded: { dataDirectory } }));
  await opened.database.initializeSchema();
  return opened;
}

describe('ingestFile', () => {
  it(`continues after the server was killed (QT_SEED=${SEED})`, async () => {
    const random = new DemoRandom(SEED);
    const dataDirectory = join(scratch.path, 'data');
    const first = await open(dataDirectory);
    const { pid } = await first.container.getAsync(TOKENS.EmbeddedClickHouse);
    let batches = Math.ceil(random.between(0, 10));
    let settled = 0;
    const ingestion = ingestFile(first.database, SP500.file, {
      ...options,
      onProgress: ({ rows }) => {
        settled = rows;
        if (--batches === 0) setTimeout(() => process.kill(pid, 'SIGKILL'), random.between(0, 100));
      },
    });
    await expect(ingestion).rejects.toMatchObject({ name: 'ConnectionError', code: 'CONNECTION' });
    await first.close();

    const second = await open(dataDirectory);
    const report = await ingestFile(second.database, SP500.file, options);
    expect(report.resumedAt).toBeGreaterThanOrEqual(settled);
    expect(report.resumedAt + report.rows).toBe(SP500.bars);
    const { data } = await second.database.getMarketData({}, { exact: true });
    expect(data).toMatchObject(sp500Bars(SP500.symbol, SP500.source));
    await second.close();
  }, 120_000);
});
