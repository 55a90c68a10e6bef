import type { SchemaController } from '@quantumtrade/dal-domain';
import { MigrationError } from '@quantumtrade/dal-domain';
import type { MemoryStore } from './store/memory-store.js';
import { NEWEST_VERSION } from './store/memory-store.js';

/** A schema of two versions: 0 is empty and forgets all data, the newest has every table. */
export function schemaController(store: MemoryStore): SchemaController {
  return {
    initialize: async (options) => {
      store.checkOpen('schema.initialize', options);
      store.schemaVersion = NEWEST_VERSION;
    },
    migrate: async (version, options) => {
      const operation = 'schema.migrate';
      store.checkOpen(operation, options);
      if (version !== 0 && version !== NEWEST_VERSION) {
        throw new MigrationError(version, 'there is no such version', { operation });
      }
      if (version === 0) store.clear();
      store.schemaVersion = version;
    },
    validate: async (options) => {
      store.checkOpen('schema.validate', options);
      return { valid: store.schemaVersion === NEWEST_VERSION, version: store.schemaVersion, drift: [] };
    },
    version: async (options) => {
      store.checkOpen('schema.version', options);
      return store.schemaVersion;
    },
  };
}
