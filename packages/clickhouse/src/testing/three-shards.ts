import type { PartitionContent, RestoreTarget } from '@quantumtrade/dal-domain/operations';
import { ClickHouseCluster, type ClickHouseNode } from '@quantumtrade/dal-test-servers/cluster';
import { connectClickHouse, type ClickHouseBackend } from '../backend.js';
import type { ClickHouseSettings, ClusterSettings } from '../settings.js';

/** Layouts over three servers; undefined for the first of them by itself. */
export const LAYOUTS = {
  two: [{ from: '', shards: 2 }],
  three: [{ from: '', shards: 3 }],
  grown: [
    { from: '', shards: 1 },
    { from: '2024-02', shards: 2 },
    { from: '2024-03', shards: 3 },
  ],
  single: undefined,
} satisfies Readonly<Record<string, ClusterSettings['layout'] | undefined>>;
export type LayoutName = keyof typeof LAYOUTS;

/** Three servers of a shard each, and backends on them with layouts of their own. */
export class ThreeShards {
  readonly cluster: ClickHouseCluster;
  readonly #opened: ClickHouseBackend[] = [];
  #databases = 0;

  private constructor(cluster: ClickHouseCluster) {
    this.cluster = cluster;
  }

  static async start(): Promise<ThreeShards> {
    return new ThreeShards(await ClickHouseCluster.start({ shards: 3, copies: 1 }));
  }

  /** Returns the name of a database that does not exist. */
  newDatabase(): string {
    return `shards_${++this.#databases}`;
  }

  settings(name: LayoutName, database: string): ClickHouseSettings {
    const { nodes } = this.cluster;
    const [{ url, username, password }] = nodes as [ClickHouseNode];
    // The machine may have other work: an engine that answers late is not lost.
    const login = { username, password, database, failover: { probeTimeoutMs: 30_000 } };
    const layout = LAYOUTS[name];
    const endpoints = nodes.map((node) => ({ url: node.url, shard: String(node.shard) }));
    return layout
      ? { ...login, endpoints, cluster: { name: this.cluster.name, copies: 'written', layout } }
      : { ...login, url };
  }

  connect(name: LayoutName, database = this.newDatabase()): ClickHouseBackend {
    const backend = connectClickHouse(this.settings(name, database));
    this.#opened.push(backend);
    return backend;
  }

  /**
   * Copies the database of a backend into a new one of another, with two blocks for each part, which are stored twice. Returns the content of
   * each table that was copied as well.
   */
  async copy(
    from: ClickHouseBackend,
    to: ClickHouseBackend,
  ): Promise<{ target: RestoreTarget; contents: ReadonlyMap<string, readonly PartitionContent[]> }> {
    const snapshot = await from.backups.snapshot();
    const target = await to.backups.createTarget(this.newDatabase(), snapshot.schemaVersion);
    const contents = new Map<string, readonly PartitionContent[]>();
    for (const { table, parts } of snapshot.tables) {
      for (const { name, rows } of parts) {
        const middle = Math.ceil(rows / 2);
        for (const [begin, end] of [[0, middle] as const, [middle, rows] as const]) {
          if (begin === end) continue;
          const block = await snapshot.read(table, name, begin, end);
          const store = () => target.store(table, `${table}/${name}/${begin}`, block.rows, block.bytes);
          await store();
          // Tables of records remember the ids of blocks.
          if (table !== 'ingestion_checkpoints') await store();
        }
      }
      contents.set(table, await snapshot.content(table));
    }
    await snapshot.release();
    return { target, contents };
  }

  async stop(): Promise<void> {
    await Promise.all(this.#opened.map(({ probe }) => probe.close()));
    await this.cluster.stop();
  }
}
