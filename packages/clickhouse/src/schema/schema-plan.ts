import type { CallOptions, SchemaStep } from '@quantumtrade/dal-domain';
import type { Sql } from '../connection/sql.js';
import type { MigrationStep } from './history.js';
import type { Stored } from './losses.js';
import { findDeletions, findLosses, storedIn } from './losses.js';
import type { Rewrite } from './statement-effects.js';
import { effectOf } from './statement-effects.js';

/** Returns the statements of migrations, with what each blocks, rewrites and loses with the rows stored now. */
export async function planSteps(
  server: Sql,
  database: string,
  steps: readonly MigrationStep[],
  options: CallOptions,
): Promise<SchemaStep[]> {
  const planned: SchemaStep[] = [];
  for (const { migration, direction, from } of steps) {
    const statements = migration[direction];
    for (const [position, statement] of statements.entries()) {
      if (position < from) continue;
      const { phase, blocks, rewrites } = effectOf(statement);
      const rewritten = await rewrittenBy(server, database, rewrites, options);
      const losses =
        direction === 'down'
          ? await findLosses(server, database, [statement], options)
          : await findDeletions(server, database, [statement], statements.slice(0, position), options);
      planned.push({
        version: migration.version,
        name: migration.name,
        direction,
        // A column that has the type already is not converted.
        phase: rewrites.length > 0 && rewritten.length === 0 && phase === 'backfill' ? 'expand' : phase,
        statement,
        blocks,
        rewrites: rewritten.length > 0 ? sum(rewritten) : undefined,
        losses,
      });
    }
  }
  return planned;
}

/** Returns the sizes of what is written anew. Columns that have their new type already are left out. */
async function rewrittenBy(
  server: Sql,
  database: string,
  rewrites: readonly Rewrite[],
  options: CallOptions,
): Promise<Stored[]> {
  const sizes: Stored[] = [];
  for (const { table, column = '', definition } of rewrites) {
    if (definition !== undefined && (await hasType(server, { database, table, column }, definition, options)))
      continue;
    sizes.push((await storedIn(server, { database, table, column }, options)) ?? { rows: 0, bytes: 0 });
  }
  return sizes;
}

async function hasType(
  server: Sql,
  params: { database: string; table: string; column: string },
  definition: string,
  options: CallOptions,
): Promise<boolean> {
  const [found] = await server.rows<{ type: string }>(
    'schema.plan',
    `SELECT type FROM system.columns
     WHERE database = {database:String} AND table = {table:String} AND name = {column:String}`,
    params,
    options,
  );
  return found !== undefined && (definition === found.type || definition.startsWith(`${found.type} `));
}

/** Several columns of a table have its rows once. */
const sum = (sizes: readonly Stored[]): Stored => ({
  rows: Math.max(...sizes.map(({ rows }) => rows)),
  bytes: sizes.reduce((total, { bytes }) => total + bytes, 0),
});
