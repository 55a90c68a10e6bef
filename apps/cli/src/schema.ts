import type { ComposedDatabase } from '@quantumtrade/dal-container';
import type { DalConfig } from '@quantumtrade/dal-config';
import { DataProblem } from './exit-codes.js';

/**
 * Refuses a store whose schema is missing, outdated or lacks a table. Changes nothing: a dropped table is not created again.
 */
export async function requireSchema({ database }: ComposedDatabase, signal: AbortSignal): Promise<void> {
  const { from, to } = await database.schema.preview(undefined, { signal });
  if (from === 0) throw new DataProblem('The database has no schema: run `qtdal migrate` first.');
  if (from < to) {
    throw new DataProblem(
      `The schema is at version ${from}, and this release needs ${to}: run \`qtdal migrate\`.`,
    );
  }
  const missing = (await database.inspectGuarantees({ signal }))
    .filter(({ exists }) => !exists)
    .map(({ table }) => table);
  if (missing.length > 0) {
    throw new DataProblem(
      `The schema is at version ${from}, but ${missing.join(', ')} is missing: somebody dropped it. Restore it, or make ` +
        'an empty schema with `qtdal migrate 0 --yes` and `qtdal migrate`, which drops all data.',
    );
  }
}

/**
 * Creates the schema of a local store that was never used, and requires it everywhere else: shared servers are migrated only by
 * `qtdal migrate`.
 */
export async function prepareSchema(
  opened: ComposedDatabase,
  backend: DalConfig['backend'],
  signal: AbortSignal,
): Promise<void> {
  const { schema } = opened.database;
  if (backend !== 'clickhouse-redis' && (await schema.preview(undefined, { signal })).isNew)
    await schema.initialize({ signal });
  await requireSchema(opened, signal);
}
