import type { OpenDatabase } from '@quantumtrade/dal-container';
import type { DalConfig } from '@quantumtrade/dal-config';
import { DataProblem } from './exit-codes.js';

/**
 * Makes sure that there is a schema. A store of this machine's own gets one where it is missing; servers that others
 * share are migrated only by `qtdal migrate`.
 */
export async function requireSchema(
  { database }: OpenDatabase,
  backend: DalConfig['backend'],
  signal: AbortSignal,
): Promise<void> {
  if ((await database.schema.version({ signal })) > 0) return;
  if (backend === 'clickhouse-redis') {
    throw new DataProblem('The database has no schema yet: run `qtdal migrate` first.');
  }
  await database.initializeSchema({ signal });
}
