import { cp, stat } from 'node:fs/promises';
import { Random } from '@quantumtrade/dal-testing';
import { numberedBar, SOURCE } from './writing/numbered-bars.js';
import { CheckedWriter, PATIENT_MS } from './writing/checked-writer.js';
import { KillableServer, RETRY } from './writing/killable-server.js';
import { ascending, inspectTable, readNumbers } from './writing/inspect-table.js';
import { SEED } from './plan.js';

const CORRECTED = 7;
const CORRECTION = { ...numberedBar(CORRECTED), close: 1234.5 };

let server: KillableServer;
beforeAll(async () => {
  server = await KillableServer.start();
});
beforeEach(() => server.renew());
afterAll(() => server.stop());

it(`readers see blocks stored twice once and in the newest version (QT_SEED=${SEED})`, async () => {
  const random = new Random(SEED);
  await server.query('ALTER TABLE market_data MODIFY SETTING non_replicated_deduplication_window = 2');
  const database = server.open('writer', 'journaled');
  const writer = await database.batchWriter({ retry: RETRY, maxAgeMs: 0 });
  const feed = new CheckedWriter(writer, random);
  server.proxy.stall();
  for (let n = 0; n < 20; n++) await feed.write();
  // Copies the journal before its first delivery.
  const isFileOrFolder = async (path: string) => {
    const found = await stat(path);
    return found.isFile() || found.isDirectory();
  };
  await cp(server.directoryOf('writer'), server.directoryOf('restored'), {
    recursive: true,
    filter: isFileOrFolder,
  });
  server.proxy.resume();
  await writer.close({ deadline: Date.now() + PATIENT_MS });
  await database.insertMarketData({ source: SOURCE, records: [CORRECTION] });

  const restored = server.open('restored', 'journaled');
  const heir = await restored.batchWriter({ retry: RETRY });
  await heir.close({ deadline: Date.now() + PATIENT_MS });

  const { lost, doubled, stored } = await inspectTable(server, feed.acknowledged);
  expect(lost).toEqual([]);
  // Most rows must be stored twice for the test to prove anything.
  expect(doubled.length).toBeGreaterThan(1);
  expect(await readNumbers(restored)).toEqual(ascending(stored));
  const { data } = await restored.getMarketData({ symbol: CORRECTION.symbol });
  expect(data.find(({ volume }) => volume === CORRECTED)).toMatchObject({ close: 1234.5 });
});
