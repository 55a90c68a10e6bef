/** Absolute path of the folder with the SQL files of ClickHouse. */
export declare const packagedMigrations: string;
/** Number of the newest migration: the version of a fully migrated schema. */
export declare const newestMigration: number;
