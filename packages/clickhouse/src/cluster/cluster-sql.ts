import type { CallOptions } from '@quantumtrade/dal-domain';
import type { ClusterSettings, CompleteSettings } from '../settings.js';
import type { PoolSource } from '../connection/connection-pool.js';
import { DatabaseSql } from '../connection/database-sql.js';
import type { Sql } from '../connection/sql.js';
import { withLostShard } from './named-shard.js';
import { distributedDatabase } from './distributed-tables.js';
import type { InstantRange, ShardLayout } from './shard-layout.js';

/** Makes an `IN` or `JOIN` of two distributed tables right: its second table is read from all shards. */
const WHOLE_TABLES = { distributed_product_mode: 'global' };

type CollectArguments<T> = Parameters<typeof DatabaseSql.prototype.collect<T>>;

/** Statements in the distributed tables of a cluster, at any server, and in the local ones of its shards. */
export class ClusterSql extends DatabaseSql {
  readonly #pools: PoolSource;
  readonly #settings: CompleteSettings;
  readonly #continues: boolean;
  readonly #layout: ShardLayout;
  readonly #copies: ClusterSettings['copies'];
  readonly #shards = new Map<number, Sql>();
  #continuing: Sql | undefined;

  constructor(
    pools: PoolSource,
    settings: CompleteSettings,
    { copies }: ClusterSettings,
    layout: ShardLayout,
    continues = false,
  ) {
    const { database: localDatabase } = settings;
    const scope = { continues, localDatabase };
    super(pools, distributedDatabase(localDatabase), settings, scope, WHOLE_TABLES);
    this.#pools = pools;
    this.#settings = settings;
    this.#continues = continues;
    this.#layout = layout;
    this.#copies = copies;
  }

  override get continuing(): Sql {
    if (this.#continues) return this;
    const { cluster } = this.#settings;
    return (this.#continuing ??= new ClusterSql(this.#pools, this.#settings, cluster!, this.#layout, true));
  }

  override collect<T>(...[operation, query, params, options, ...rest]: CollectArguments<T>): Promise<T[]> {
    return super.collect(operation, query, params, options, ...rest).catch(async (error: unknown) => {
      throw await this.#withLostShard(error, options);
    });
  }

  override async *blocks(...args: Parameters<DatabaseSql['blocks']>): ReturnType<DatabaseSql['blocks']> {
    try {
      yield* super.blocks(...args);
    } catch (error) {
      throw await this.#withLostShard(error, args[3]);
    }
  }

  override get shards(): readonly number[] {
    return this.#layout.shards;
  }

  override shard(number: number): Sql {
    let sql = this.#shards.get(number);
    if (!sql) {
      sql = this.#local({ shard: String(number) });
      this.#shards.set(number, sql);
    }
    return sql;
  }

  override copiesOf(number: number): readonly Sql[] {
    if (this.#copies === 'replicated') return [this.shard(number)];
    const shard = String(number);
    return this.#pools.copiesOf!(shard).map((copy) =>
      this.#local({ shard, accepts: ({ name }) => name === copy }),
    );
  }

  override shardsOf(values: readonly string[] | undefined, range?: InstantRange): readonly number[] {
    if (values) return this.#layout.shardsOf(values, range);
    return this.#layout.shardsIn(range) ?? this.#pools.shards!().map(Number).sort(ascending);
  }

  override near(values: readonly string[], range?: InstantRange): Sql {
    const [first, ...others] = this.#layout.shardsOf(values, range);
    return first !== undefined && others.length === 0 ? this.shard(first) : this;
  }

  #withLostShard(error: unknown, options: CallOptions | undefined): Promise<unknown> {
    return withLostShard(error, this, this.#settings.cluster!.name, options);
  }

  #local(scope: ConstructorParameters<typeof DatabaseSql>[3]): Sql {
    const continues = this.#continues;
    return new DatabaseSql(this.#pools, this.#settings.database, this.#settings, { ...scope, continues });
  }
}

const ascending = (a: number, b: number): number => a - b;
