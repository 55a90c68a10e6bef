import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Command } from 'commander';
import { EXIT, UsageError } from '../exit-codes.js';
import type { RunSession } from '../session.js';
import { withJson } from '../session.js';

const FILE = /^(\d{4})_[a-z0-9_]+\.(?:up|down)\.sql$/;

const UP = `-- Change a table that is in use in three migrations, and release the programs between them:
-- 1. expand: add the new column or table beside the old one, and fill it by a materialized view
-- 2. backfill: copy the old rows, partition by partition, so that a run that stops goes on where it was:
--      INSERT INTO new_table SELECT * FROM old_table WHERE _partition_id = {partition:String};
-- 3. contract: drop the old part when no program uses it
-- Every statement must be safe to run twice: CREATE … IF NOT EXISTS, ADD COLUMN IF NOT EXISTS, DROP … IF EXISTS.
`;
const DOWN = `-- Undoes the statements of the up file in the opposite order.
`;

/** Adds `migrate create`, which writes the files of the next migration. */
export function addCreation(migrate: Command, run: RunSession): void {
  withJson(migrate.command('create'))
    .description('Write the files of the next migration, to be filled in.')
    .argument('<name>', 'name: lower-case letters, digits and underscores')
    .option('--directory <path>', 'folder of the migrations', 'migrations/clickhouse')
    .action((name: string, options: { directory: string; json?: boolean }) =>
      run(options, async ({ output }) => {
        const files = await createMigration(options.directory, name);
        output.result({ files }, () => files.join('\n'));
        return EXIT.ok;
      }),
    );
}

/** Writes an up and a down file with the number after the last one, and returns their paths. */
async function createMigration(directory: string, name: string): Promise<string[]> {
  if (!/^[a-z0-9_]{1,64}$/.test(name))
    throw new UsageError('A name has lower-case letters, digits and underscores, 64 of them at most.');
  await mkdir(directory, { recursive: true });
  const numbers = (await readdir(directory)).map((file) => Number(FILE.exec(file)?.[1] ?? 0));
  const next = String(Math.max(0, ...numbers) + 1).padStart(4, '0');
  const files: string[] = [];
  for (const [direction, text] of [
    ['up', UP],
    ['down', DOWN],
  ] as const) {
    const file = join(directory, `${next}_${name}.${direction}.sql`);
    await writeFile(file, text, { flag: 'wx' });
    files.push(file);
  }
  return files;
}
