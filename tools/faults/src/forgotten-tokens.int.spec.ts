import { cp, stat } from 'node:fs/promises';
import { Random } from '@quantumtrade/dal-testing';
import { barOf, SOURCE } from './faults/bars.js';
import { Feed, PATIENCE_MS } from './faults/feed.js';
import { KillableServer, RETRY } from './faults/killable-server.js';
import { ascending, inspect, readBack } from './faults/stored.js';
import { SEED } from './plan.js';

const CORRECTED = 7;
const CORRECTION = { ...barOf(CORRECTED), close: 1234.5 };

let server: KillableServer;
beforeEach(async () => {
  server = await KillableServer.start();
});
afterEach(() => server.stop());

it(`readers see each row once, in its newest version, when blocks come again that the engine has forgotten (QT_SEED=${SEED})`, async () => {
  const random = new Random(SEED);
  await server.ask('ALTER TABLE market_data MODIFY SETTING non_replicated_deduplication_window = 2');
  const database = server.open('writer', 'journaled');
  const writer = await database.batchWriter({ retry: RETRY, maxAgeMs: 0 });
  const feed = new Feed(writer, random);
  server.proxy.stall();
  for (let n = 0; n < 20; n++) await feed.write();
  // A copy of the journal as it was before anything of it was delivered.
  const isFileOrFolder = async (path: string) => {
    const found = await stat(path);
    return found.isFile() || found.isDirectory();
  };
  await cp(server.directoryOf('writer'), server.directoryOf('restored'), {
    recursive: true,
    filter: isFileOrFolder,
  });
  server.proxy.resume();
  await writer.close({ deadline: Date.now() + PATIENCE_MS });
  await database.insertMarketData({ source: SOURCE, records: [CORRECTION] });

  const restored = server.open('restored', 'journaled');
  const heir = await restored.batchWriter({ retry: RETRY });
  await heir.close({ deadline: Date.now() + PATIENCE_MS });

  const { lost, doubled, stored } = await inspect(server, feed.acknowledged);
  expect(lost).toEqual([]);
  // The table has most of it twice, or this would prove nothing.
  expect(doubled.length).toBeGreaterThan(1);
  expect(await readBack(restored)).toEqual(ascending(stored));
  const { data } = await restored.getMarketData({ symbol: CORRECTION.symbol });
  expect(data.find(({ volume }) => volume === CORRECTED)).toMatchObject({ close: 1234.5 });
});
