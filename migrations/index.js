import { fileURLToPath } from 'node:url';

export const packagedMigrations = fileURLToPath(new URL('clickhouse', import.meta.url));
export const newestMigration = 12;
