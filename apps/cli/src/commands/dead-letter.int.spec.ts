import { join } from 'node:path';
import { fileWriterStorage } from '@quantumtrade/dal';
import { loadConfig } from '@quantumtrade/dal-config';
import { backendModule, openDatabase, TOKENS } from '@quantumtrade/dal-container';
import { buildRow } from '@quantumtrade/dal-testing/records';
import { EXIT } from '../exit-codes.js';
import { qtdal, ScratchDirectory } from '../testing.js';

const scratch = new ScratchDirectory();
afterAll(() => scratch.remove());

const bar = buildRow('marketData', { symbol: 'A' });

it('qtdal dead-letter replay removes a letter once it is stored', async () => {
  const directory = join(scratch.path, 'writer');
  const file = scratch.file(
    'qtdal.toml',
    `[clickhouse]\nurl = "http://127.0.0.1:9"\n[redis]\nurl = "redis://127.0.0.1:9"\n[embedded]\ndata_directory = "${join(scratch.path, 'data')}"\n[writer]\ndirectory = "${directory}"\n`,
  );
  const here = ['--backend', 'embedded', '--config', file];
  const opened = await openDatabase(
    backendModule(await loadConfig({ file, env: { QTDAL_BACKEND: 'embedded' } })),
  );
  await opened.database.initializeSchema();
  const { blocks } = await opened.container.getAsync(TOKENS.TimeSeriesBackend);
  const collector = blocks.collect('marketData');
  collector.append({ source: 'test', records: [bar] });
  const [block] = collector.finish();
  const reason = { code: 'QUERY', message: 'no such column' };
  await opened.database.deadLetters.add({ block: block!, reason, at: 1 });
  await opened.close();

  const { deadLetters } = fileWriterStorage(directory);
  expect(await deadLetters.list()).toHaveLength(1);
  const away = ['--config', file];
  expect((await qtdal('dead-letter', 'replay', '--all', ...away)).code).toBe(EXIT.connection);
  expect(await deadLetters.list()).toHaveLength(1);
  const { code, out } = await qtdal('dead-letter', 'replay', '--all', '--json', ...here);
  expect([code, JSON.parse(out)]).toEqual([
    EXIT.ok,
    [{ id: block!.id, outcome: 'stored', supersededCount: 0 }],
  ]);
  expect(await deadLetters.list()).toEqual([]);
  const query = await qtdal('query', 'market-data', '--symbol', 'A', '--json', ...here);
  expect(JSON.parse(query.out)).toMatchObject({ totalCount: 1 });
}, 60_000);
