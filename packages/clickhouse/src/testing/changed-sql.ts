import type { Sql } from '../connection/sql.js';

/** Returns the same statements, some of them changed, in every database. */
export function changedSql(sql: Sql, changes: (sql: Sql) => Partial<Sql>): Sql {
  return {
    database: sql.database,
    get continuing() {
      return this;
    },
    checkOpen: (...args) => sql.checkOpen(...args),
    rows: (...args) => sql.rows(...args),
    collect: (...args) => sql.collect(...args),
    blocks: (...args) => sql.blocks(...args),
    command: (...args) => sql.command(...args),
    insert: (...args) => sql.insert(...args),
    compressed: (...args) => sql.compressed(...args),
    shards: sql.shards,
    shard: (number) => changedSql(sql.shard(number), changes),
    copiesOf: (shard) => sql.copiesOf(shard).map((copy) => changedSql(copy, changes)),
    shardsOf: (values, range) => sql.shardsOf(values, range),
    near: (values, range) => changedSql(sql.near(values, range), changes),
    at: (server) => changedSql(sql.at(server), changes),
    on: (database) => changedSql(sql.on(database), changes),
    ...changes(sql),
  };
}
