import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Durability } from '@quantumtrade/dal';
import { DatabaseAbstraction, fileWriterStorage } from '@quantumtrade/dal';
import type { ClickHouseBackend, ClickHouseSettings } from '@quantumtrade/dal-clickhouse';
import { connectClickHouse } from '@quantumtrade/dal-clickhouse';
import { memoryCacheBackend } from '@quantumtrade/dal-memory';
import { ClickHouseCluster, type ClickHouseNode } from '@quantumtrade/dal-test-servers/cluster';
import { HttpFaultProxy } from '@quantumtrade/dal-testing/proxies';
import { stopMergesOf } from '../writing/migrated-engine.js';

type Layout = NonNullable<NonNullable<ClickHouseSettings['cluster']>['layout']>;

export type ClusterConnection = Partial<ClickHouseSettings> & {
  /** @default two shards */
  readonly layout?: Layout;
  /** Address by which a node is reached. @default its own */
  readonly urlOf?: (node: ClickHouseNode) => string;
};

/** Shorter than the faults. A server that fails often stays away longer and longer, unless ejections are short. */
const FAILOVER = { probeIntervalMs: 200, probeTimeoutMs: 1_000, ejectionMs: 10 };

/** Two shards of two copies with migrated tables, and the data layers that are open on them. */
export class ClusterSite {
  static readonly layout: Layout = [{ shards: 2 }];
  readonly cluster: ClickHouseCluster;
  readonly #directory: string;
  readonly #opened: { close(): Promise<unknown> }[] = [];
  #databases = 0;

  private constructor(cluster: ClickHouseCluster, directory: string) {
    this.cluster = cluster;
    this.#directory = directory;
  }

  static async start(): Promise<ClusterSite> {
    const directory = await mkdtemp(join(tmpdir(), 'cluster-faults-'));
    return new ClusterSite(await ClickHouseCluster.start({ shards: 2, copies: 2 }), directory);
  }

  /** Closes what is open, starts nodes that were killed, and begins again with a database of its own. */
  async renew(): Promise<void> {
    await this.#closeOpened();
    for (const node of this.cluster.nodes) if (!node.isRunning) await node.start();
    this.#databases++;
    await this.migrate();
  }

  /** Creates the tables on all nodes. Merges are off, so that rows stored twice stay. */
  async migrate(): Promise<void> {
    await this.connect().schema.initialize();
    await this.cluster.query(stopMergesOf('market_data'), this.database);
  }

  get database(): string {
    return `faults_${this.#databases}`;
  }

  /** Connects to the present nodes. */
  connect({ layout = ClusterSite.layout, urlOf = ({ url }) => url, ...more }: ClusterConnection = {}) {
    const { name, nodes } = this.cluster;
    const { username, password } = nodes[0]!;
    const backend: ClickHouseBackend = connectClickHouse({
      endpoints: nodes.map((node) => ({ url: urlOf(node), shard: String(node.shard) })),
      cluster: { name, copies: 'written', layout },
      failover: FAILOVER,
      ...{ database: this.database, username, password },
      ...more,
    });
    this.#opened.push({ close: () => backend.probe.close() });
    return backend;
  }

  /** Opens a data layer whose writers have their files in one folder. */
  open(durability: Durability, connection: ClusterConnection = {}): DatabaseAbstraction {
    const database = new DatabaseAbstraction({
      timeSeries: this.connect(connection),
      cache: memoryCacheBackend(),
      writing: { storage: fileWriterStorage(join(this.#directory, this.database)), durability },
    });
    this.#opened.push(database);
    return database;
  }

  /** Starts a proxy in front of each present node, and returns them with the address of each. */
  async startProxies(): Promise<{
    proxies: readonly HttpFaultProxy[];
    urlOf: (node: ClickHouseNode) => string;
  }> {
    const started = new Map<ClickHouseNode, HttpFaultProxy>();
    for (const node of this.cluster.nodes) started.set(node, await HttpFaultProxy.start(node));
    const proxies = [...started.values()];
    for (const proxy of proxies) this.#opened.push({ close: () => proxy.stop() });
    return { proxies, urlOf: (node) => started.get(node)!.url };
  }

  /** Stops everything in any state. */
  async stop(): Promise<void> {
    await this.#closeOpened();
    await this.cluster.stop();
    await rm(this.#directory, { recursive: true });
  }

  async #closeOpened(): Promise<void> {
    for (const each of this.#opened.splice(0).reverse()) await each.close().catch(() => undefined);
  }
}
