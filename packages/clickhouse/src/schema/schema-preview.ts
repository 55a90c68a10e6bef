import type { CallOptions, SchemaLoss, SchemaPlan, SchemaPreview } from '@quantumtrade/dal-domain';
import type { MigrationStep } from './history.js';
import { findDeletions, findLosses } from './losses.js';
import type { Migration } from './migration-files.js';
import { findRefusal } from './refusals.js';
import { planSteps } from './schema-plan.js';
import type { ServerSchema } from './server-schema.js';

/**
 * Returns the effects of a move on one server.
 *
 * @param version - target, the newest if undefined
 */
export async function previewMove(
  schema: ServerSchema,
  version: number | undefined,
  migrations: readonly Migration[],
  options: CallOptions,
): Promise<SchemaPreview> {
  const { server, sql, inspection } = schema;
  const { history, to, steps } = await intendedMove(schema, version, migrations, options);
  const down = steps
    .filter(({ direction }) => direction === 'down')
    .flatMap(({ migration, from }) => migration.down.slice(from));
  const up = steps.filter(({ direction }) => direction === 'up');
  // On the way to version 0 all tables are emptied first.
  const refusal = version === 0 ? undefined : await findRefusal(sql, down, options);
  return {
    from: history.version,
    to,
    isNew: history.nextOrdinal === 0 && (await inspection.hasNoTables(options)),
    losses: [
      ...(await findLosses(server, sql.database, down, options)),
      ...(await deletionsOf(schema, up, options)),
    ],
    ...(refusal !== undefined && { refusal }),
  };
}

/**
 * Returns the statements of a move on one server.
 *
 * @param version - target, the newest if undefined
 */
export async function planMove(
  schema: ServerSchema,
  version: number | undefined,
  migrations: readonly Migration[],
  options: CallOptions,
): Promise<SchemaPlan> {
  const { history, to, steps } = await intendedMove(schema, version, migrations, options);
  const { server, sql } = schema;
  return { from: history.version, to, steps: await planSteps(server, sql.database, steps, options) };
}

async function intendedMove(
  { history }: ServerSchema,
  version: number | undefined,
  migrations: readonly Migration[],
  options: CallOptions,
) {
  const state = await history.read(options);
  return {
    history: state,
    to: version ?? Math.max(state.version, migrations.length),
    steps: state.stepsTo(version ?? Infinity, migrations),
  };
}

async function deletionsOf(
  { server, sql }: ServerSchema,
  steps: readonly MigrationStep[],
  options: CallOptions,
): Promise<SchemaLoss[]> {
  const losses = await Promise.all(
    steps.map(({ migration: { up }, from }) =>
      findDeletions(server, sql.database, up.slice(from), up, options),
    ),
  );
  return losses.flat();
}
