/** Absolute path of the folder with the SQL files of ClickHouse. */
export declare const packagedMigrations: string;
