import type { CallOptions } from '@quantumtrade/dal-domain';
import { MigrationError } from '@quantumtrade/dal-domain';
import type { MigrationStep } from './history.js';
import type { Migration } from './migration-files.js';
import type { LockedSchema } from './migration-run.js';
import type { ServerSchema } from './server-schema.js';

const OPERATION = 'schema.baseline';

/** Throws `MigrationError` when a server has no tables to take for migrated. */
export async function requireTables(
  { inspection, name }: ServerSchema,
  version: number,
  options: CallOptions,
): Promise<void> {
  if (await inspection.hasNoTables(options)) throw refusal(version, name, 'the database has no tables');
}

/** Throws `MigrationError` when the schema has a history, or differs from that of the migrations. */
export async function requireUnrecorded(
  { history, inspection, name }: ServerSchema,
  migrations: readonly Migration[],
  options: CallOptions,
): Promise<void> {
  const version = migrations.length;
  const { nextOrdinal, version: current } = await history.read(options);
  if (nextOrdinal > 0) throw refusal(version, name, `the schema has a history, up to version ${current}`);
  const [drift] = await inspection.driftFrom(migrations, options);
  if (drift) throw refusal(version, name, `${drift.object}: ${drift.problem}`);
}

/** Notes migrations as applied. */
export async function recordBaseline(
  { schema, lease }: LockedSchema,
  migrations: readonly Migration[],
  options: CallOptions,
): Promise<void> {
  await schema.history.create(options);
  for (const [ordinal, migration] of migrations.entries()) {
    await lease.confirm(migration.version, options);
    const step: MigrationStep = { migration, direction: 'up', from: 0 };
    await schema.history.record(ordinal, step, migration.up.length, options);
  }
}

function refusal(version: number, server: string | undefined, reason: string): MigrationError {
  const where = server === undefined ? '' : `${server}: `;
  return new MigrationError(version, `${where}${reason}`, { operation: OPERATION });
}
