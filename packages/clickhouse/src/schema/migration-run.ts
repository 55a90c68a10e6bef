import type { CallOptions } from '@quantumtrade/dal-domain';
import { isDatabaseError, MigrationError } from '@quantumtrade/dal-domain';
import type { MigrationStep } from './history.js';
import type { MigrationLease } from './lock.js';
import { tablesDroppedBy } from './losses.js';
import type { Migration } from './migration-files.js';
import { backfilledFrom, migrationFileName } from './migration-files.js';
import { checkReason } from './refusals.js';
import type { ServerSchema } from './server-schema.js';

/** Schema of a server whose lock is held. */
export interface LockedSchema {
  readonly schema: ServerSchema;
  readonly lease: MigrationLease;
}

interface MigratedCopy extends LockedSchema {
  readonly steps: readonly MigrationStep[];
  nextOrdinal: number;
}

/**
 * Moves the schemas of the copies of a shard to a version. All of them run a statement before any of them runs the next one, and each
 * goes on where its history ends.
 */
export async function migrateCopies(
  locked: readonly LockedSchema[],
  target: number,
  migrations: readonly Migration[],
  options: CallOptions,
): Promise<void> {
  const copies: MigratedCopy[] = [];
  for (const { schema, lease } of locked) {
    await schema.history.create(options);
    const history = await schema.history.read(options);
    const steps = history.stepsTo(target, migrations);
    copies.push({ schema, lease, steps, nextOrdinal: history.nextOrdinal });
  }
  const steps = mergeSteps(copies.map((copy) => copy.steps));
  if (target === 0) await emptyTables(copies, steps, options);
  for (const step of steps) await runStep(copies, step, options);
}

/** Returns the steps of several servers as one list, each from the first statement that one of them has not run. */
export function mergeSteps(lists: readonly (readonly MigrationStep[])[]): MigrationStep[] {
  const merged = new Map<number, MigrationStep>();
  const order = ({ direction, migration: { version } }: MigrationStep) =>
    direction === 'down' ? -version : version;
  for (const step of lists.flat()) {
    const known = merged.get(order(step));
    if (!known || known.from > step.from) merged.set(order(step), step);
  }
  return [...merged.values()].sort((a, b) => order(a) - order(b));
}

/**
 * Empties the tables that the steps to version 0 drop, so that no step converts their rows, or refuses because of a row
 * that an older type does not hold.
 */
async function emptyTables(
  copies: readonly MigratedCopy[],
  steps: readonly MigrationStep[],
  options: CallOptions,
): Promise<void> {
  for (const table of tablesDroppedBy(steps.flatMap(({ migration }) => migration.down))) {
    const statement = `TRUNCATE TABLE IF EXISTS ${table}`;
    for (const [index, { schema, lease }] of copies.entries()) {
      const origin = { database: schema.sql.database, version: 0, direction: 'down' } as const;
      const { text, runsOn } = schema.form.statementOf(statement, origin);
      if (index > 0 && runsOn === 'one-copy') break;
      await lease.confirm(0, options);
      await schema.sql.command('schema.migrate', text, {}, options).catch((cause: unknown) => {
        throw failure(schema, 0, `emptying ${table}`, statement, cause);
      });
    }
  }
}

async function runStep(
  copies: readonly MigratedCopy[],
  { migration, direction }: MigrationStep,
  options: CallOptions,
): Promise<void> {
  for (const position of migration[direction].keys()) {
    let isShared = false;
    for (const copy of copies) {
      const step = copy.steps.find((each) => each.migration === migration && each.direction === direction);
      if (!step || step.from > position) continue;
      if (!isShared) isShared = await runStatement(copy, step, position, options);
      await copy.schema.history.record(copy.nextOrdinal++, step, position + 1, options);
    }
  }
}

/** Runs a statement on one server. Returns whether the other copies take over its effect. */
async function runStatement(
  copy: MigratedCopy,
  step: MigrationStep,
  position: number,
  options: CallOptions,
): Promise<boolean> {
  const { schema, lease } = copy;
  const { migration, direction } = step;
  const { version, name } = migration;
  await lease.confirm(version, options);
  const statement = migration[direction][position]!;
  const takenPaths = await schema.form.takenPaths(schema.sql, options);
  const origin = { database: schema.sql.database, version, direction, takenPaths };
  const { text, runsOn, before } = schema.form.statementOf(statement, origin);
  const table = backfilledFrom(statement);
  // A backfill may take long: the status shows it while it runs.
  if (table !== undefined) await schema.history.record(copy.nextOrdinal++, step, position, options);
  const run = async () => {
    for (const first of before) await schema.sql.command('schema.migrate', first, {}, options);
    if (table === undefined) await schema.sql.command('schema.migrate', text, {}, options);
    else await schema.backfills.run({ step, position, table }, text, lease, options);
  };
  await run().catch((cause: unknown) => {
    const where = `${migrationFileName(version, name, direction)}, statement ${position + 1}`;
    throw failure(schema, version, where, statement, cause);
  });
  return runsOn === 'one-copy';
}

/** Returns the error of a failed statement: `MigrationError` when the engine refused it, else the cause itself. */
function failure(
  { name }: ServerSchema,
  version: number,
  where: string,
  statement: string,
  cause: unknown,
): unknown {
  if (!isDatabaseError(cause) || cause.code !== 'QUERY') return cause;
  const reason = checkReason(statement, cause) ?? cause.message;
  const server = name === undefined ? '' : `${name}, `;
  return new MigrationError(version, `${server}${where}: ${reason}`, { operation: 'schema.migrate', cause });
}
