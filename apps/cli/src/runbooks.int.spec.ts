import { mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { OwnDatabase, ScratchDirectory } from './testing.js';
import { BARS, CLUSTER_PAGES, RUNBOOKS, runPage } from './testing/runbook.js';

const start = process.cwd();
const scratch = new ScratchDirectory();
afterAll(() => {
  process.chdir(start);
  scratch.remove();
});

const pages = readdirSync(RUNBOOKS).filter(
  (file) => file.endsWith('.md') && file !== 'README.md' && !CLUSTER_PAGES.includes(file),
);

describe.each(pages)('%s', (file) => {
  const own = new OwnDatabase('runbook');
  const former = `${own.name}_former`;
  const side = `${own.name}_restored`;
  afterAll(async () => {
    await own.drop();
    for (const database of [former, side])
      await own.sql(`DROP DATABASE IF EXISTS ${database} SYNC`, 'default');
  });

  it('prints what the page says', async () => {
    const name = file.replace(/\.md$/, '');
    const directory = join(scratch.path, name);
    mkdirSync(directory);
    scratch.file(`${name}/bars.csv`, BARS);
    scratch.file(
      `${name}/qtdal.toml`,
      `${own.config()}
[writer]
directory = "writer"
[audit]
directory = "audit"
[archive]
directory = "archive"
[retention.market_data]
delete_after_days = 30
[backup]
url = "file://${directory}/backups"
[backup.copy]
url = "file://${directory}/copies"
`,
    );
    process.chdir(directory);
    await runPage(file, { restored_db: side, former_db: former });
  }, 60_000);
});
