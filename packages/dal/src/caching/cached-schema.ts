import type { SchemaController } from '@quantumtrade/dal-domain';
import type { ReadThrough } from './read-through.js';

/**
 * A schema controller that clears the read-through cache after the tables were changed: what was read from them before is neither
 * served nor cached any more. Where the cache's server does not take that, the call rejects with the cache's error, though the
 * schema is changed; `migrate` to the same version clears again. An `initialize` that finds no schema does not need the cache:
 * there was nothing to read before.
 */
export function cachedSchema(schema: SchemaController, through: ReadThrough): SchemaController {
  return {
    async initialize(options) {
      const version = () => schema.version(options).catch(() => undefined);
      const before = await version();
      await through
        .writeBlindly(() => schema.initialize(options))
        .catch((error: unknown) => clearAfter(error, before === undefined ? undefined : through));
      if ((await version()) === before) return;
      await through.clear().catch((error: unknown) => {
        if (before !== 0) throw error;
      });
    },
    async migrate(version, options) {
      await through
        .writeBlindly(() => schema.migrate(version, options))
        .catch((error: unknown) => clearAfter(error, through));
      await through.clear();
    },
    preview: (version, options) => schema.preview(version, options),
    validate: (options) => schema.validate(options),
    version: (options) => schema.version(options),
  };
}

/** A migration that failed may have changed tables. */
async function clearAfter(error: unknown, through: ReadThrough | undefined): Promise<never> {
  await through?.clear().catch(() => undefined);
  throw error;
}
