import type { SchemaController } from '@quantumtrade/dal-domain';
import { requireSchemaVersion } from '@quantumtrade/dal-domain';
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
    validate: async (options) => {
      store.checkOpen('schema.validate', options);
      const version = store.database.schemaVersion;
      const missing = Array.from({ length: newestMigration - version }, (_, i) => version + 1 + i);
      return {
        valid: missing.length === 0,
        version,
        drift: missing.map((each) => ({ object: `migration ${each}`, problem: 'is not applied' })),
      };
    },
    version: async (options) => {
      store.checkOpen('schema.version', options);
      return store.database.schemaVersion;
    },
  };
}
