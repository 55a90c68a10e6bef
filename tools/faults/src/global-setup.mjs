import { tsImport } from 'tsx/esm/api';

/** Migrates a database once for all files. MIGRATED_ENGINE names the directory that their engines copy. */
export default async function setUp() {
  const { migrateEngine } = await tsImport('./writing/migrated-engine.ts', import.meta.url);
  process.env.MIGRATED_ENGINE = await migrateEngine();
}
