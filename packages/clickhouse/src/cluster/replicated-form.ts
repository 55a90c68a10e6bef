import type { Snapshot } from '../schema/drift.js';
import type { TableForm } from '../schema/table-form.js';
import { readKeeperPaths } from './keeper-paths.js';
import { replicatedStatement, withReplicatedWindow } from './replicated-statement.js';

/** Tables whose rows and columns Keeper keeps alike on the copies of a shard. */
export const REPLICATED: TableForm = {
  statementOf: replicatedStatement,
  takenPaths: async (sql, options) => [...(await readKeeperPaths(sql, 'schema.migrate', options)).values()],
  expected: (tables) => withEngines(tables, (engine) => engine.replace(PLAIN_ENGINE, 'Replicated$&')),
  stored: (tables) => withEngines(tables, (engine) => engine.replace(KEEPER_PATH, withoutPath)),
};

const PLAIN_ENGINE = /^(?!Replicated|Shared)\w*MergeTree\b/;
/** Arguments of a replicated engine. The path has the name that the table had first. */
const KEEPER_PATH = /^(Replicated\w+)\('[^']*', '[^']*'(?:, (.*))?\)$/s;

const withoutPath = (_: string, engine: string, others: string | undefined): string =>
  others === undefined ? engine : `${engine}(${others})`;

function withEngines(tables: Snapshot, change: (engine: string) => string): Snapshot {
  return new Map(
    [...tables].map(([name, { table, properties }]) => {
      const { engine, SETTINGS: settings } = properties;
      if (engine === undefined) return [name, { table, properties }];
      const changed = {
        ...properties,
        engine: change(engine),
        ...(settings !== undefined && { SETTINGS: withReplicatedWindow(settings) }),
      };
      return [name, { table, properties: changed }];
    }),
  );
}
