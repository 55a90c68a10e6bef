import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

export const packagedMigrations = fileURLToPath(new URL('clickhouse', import.meta.url));
export const newestMigration = readdirSync(packagedMigrations).filter((name) => name.endsWith('.up.sql')).length;
