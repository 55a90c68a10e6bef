import type { SchemaController } from '@quantumtrade/dal-domain';
import { requireSchemaVersion } from '@quantumtrade/dal-domain';
import type { MemoryStore } from './store/memory-store.js';
import { NEWEST_VERSION } from './store/memory-store.js';

/** A schema of as many versions as there are migrations, 0 being empty; data is forgotten with its table. */
export function schemaController(store: MemoryStore): SchemaController {
  return {
    initialize: async (options) => {
      store.checkOpen('schema.initialize', options);
      store.migrate(NEWEST_VERSION);
    },
    migrate: async (version, options) => {
      const operation = 'schema.migrate';
      store.checkOpen(operation, options);
      requireSchemaVersion(version, NEWEST_VERSION, operation);
      store.migrate(version);
    },
    preview: async (version = NEWEST_VERSION, options) => {
      store.checkOpen('schema.preview', options);
      requireSchemaVersion(version, NEWEST_VERSION, 'schema.preview');
      return { from: store.schemaVersion, to: version, isNew: false, losses: store.lossesAt(version) };
    },
    validate: async (options) => {
      store.checkOpen('schema.validate', options);
      const version = store.schemaVersion;
      const missing = Array.from({ length: NEWEST_VERSION - version }, (_, i) => version + 1 + i);
      return {
        valid: missing.length === 0,
        version,
        drift: missing.map((each) => ({ object: `migration ${each}`, problem: 'is not applied' })),
      };
    },
    version: async (options) => {
      store.checkOpen('schema.version', options);
      return store.schemaVersion;
    },
  };
}
