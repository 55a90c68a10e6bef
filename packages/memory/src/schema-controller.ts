import type { SchemaController, SchemaMigration } from '@quantumtrade/dal-domain';
import { MigrationError, requireSchemaVersion } from '@quantumtrade/dal-domain';
import { newestMigration } from '@quantumtrade/dal-migrations';
import type { MemoryStore } from './store/memory-store.js';

/** Schema with the versions of the packaged migrations. Version 0 has no tables; a dropped table loses its data. */
export function schemaController(store: MemoryStore): SchemaController {
  return {
    initialize: async (options) => {
      store.checkOpen('schema.initialize', options);
      store.database.migrate(newestMigration);
    },
    migrate: async (version, options) => {
      const operation = 'schema.migrate';
      store.checkOpen(operation, options);
      requireSchemaVersion(version, newestMigration, operation);
      store.database.migrate(version);
    },
    preview: async (version = newestMigration, options) => {
      store.checkOpen('schema.preview', options);
      requireSchemaVersion(version, newestMigration, 'schema.preview');
      return {
        from: store.database.schemaVersion,
        to: version,
        isNew: false,
        losses: store.database.lossesAt(version),
      };
    },
    plan: async (version = newestMigration, options) => {
      store.checkOpen('schema.plan', options);
      requireSchemaVersion(version, newestMigration, 'schema.plan');
      return { from: store.database.schemaVersion, to: version, steps: [] };
    },
    status: async (options) => {
      store.checkOpen('schema.status', options);
      const version = store.database.schemaVersion;
      return {
        version,
        newest: newestMigration,
        applied: versionsBetween(0, version),
        unfinished: [],
        pending: versionsBetween(version, newestMigration),
      };
    },
    baseline: async (version, options) => {
      const operation = 'schema.baseline';
      store.checkOpen(operation, options);
      requireSchemaVersion(version, newestMigration, operation);
      const current = store.database.schemaVersion;
      throw new MigrationError(
        version,
        current === 0 ? 'the database has no tables' : `the schema has a history, up to version ${current}`,
        { operation },
      );
    },
    validate: async (options) => {
      store.checkOpen('schema.validate', options);
      const version = store.database.schemaVersion;
      const missing = versionsBetween(version, newestMigration);
      return {
        valid: missing.length === 0,
        version,
        drift: missing.map((each) => ({ object: `migration ${each.version}`, problem: 'is not applied' })),
      };
    },
    version: async (options) => {
      store.checkOpen('schema.version', options);
      return store.database.schemaVersion;
    },
  };
}

const versionsBetween = (applied: number, newest: number): SchemaMigration[] =>
  Array.from({ length: newest - applied }, (_, i) => ({ version: applied + 1 + i }));
