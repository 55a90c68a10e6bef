import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from '@quantumtrade/dal-testing';
import { ClickHouseNode } from './clickhouse-node.js';

export interface ClickHouseClusterOptions {
  readonly shards: number;
  /** Nodes of each shard. */
  readonly copies: number;
}

/** Name of the cluster in the servers' `remote_servers`. */
const NAME = 'quantumtrade';

/** Real engines on this machine that know each other as the shards and copies of one cluster. */
export class ClickHouseCluster {
  readonly name = NAME;
  readonly copies: number;
  /** In the order of the shards. */
  readonly nodes: ClickHouseNode[] = [];
  readonly #directory: string;
  /** All nodes have the same, and log in to each other with it. */
  readonly #password = randomBytes(24).toString('hex');

  private constructor(directory: string, copies: number) {
    this.#directory = directory;
    this.copies = copies;
  }

  static async start({ shards, copies }: ClickHouseClusterOptions): Promise<ClickHouseCluster> {
    const cluster = new ClickHouseCluster(await mkdtemp(join(tmpdir(), 'clickhouse-cluster-')), copies);
    try {
      for (let shard = 1; shard <= shards; shard++) await cluster.#defineShard(shard);
      await cluster.#startAll(cluster.nodes);
      return cluster;
    } catch (error) {
      await cluster.stop();
      throw error;
    }
  }

  /** Returns the nodes of a shard, which are numbered from 1. */
  copiesOf(shard: number): ClickHouseNode[] {
    return this.nodes.filter((node) => node.shard === shard);
  }

  /** Starts the nodes of a further shard, which the others do not have in their `remote_servers` until {@link updateNodes}. */
  async startShard(): Promise<readonly ClickHouseNode[]> {
    const added = await this.#defineShard(this.nodes.length / this.copies + 1);
    await this.#startAll(added);
    return added;
  }

  /**
   * Gives the present `remote_servers` to all nodes that have older ones. They are restarted one after the other, because this engine
   * reads its configuration only when it starts.
   *
   * @param isSettled - resolves when the next one may be restarted
   */
  async updateNodes(isSettled = () => Promise.resolve()): Promise<void> {
    const remoteServers = this.#remoteServers();
    for (const node of this.nodes.filter((each) => each.remoteServers !== remoteServers)) {
      await node.kill();
      await node.start(remoteServers);
      await isSettled();
    }
  }

  /** Runs a statement on each node. Returns tab-separated values in the order of the nodes. */
  query(sql: string, database?: string): Promise<string[]> {
    return Promise.all(this.nodes.map((node) => node.query(sql, database)));
  }

  /** Ends all nodes in any state, and removes their data. */
  async stop(): Promise<void> {
    await Promise.all(this.nodes.map((node) => node.kill()));
    await rm(this.#directory, { recursive: true });
  }

  async #defineShard(shard: number): Promise<readonly ClickHouseNode[]> {
    const added: ClickHouseNode[] = [];
    for (let copy = 1; copy <= this.copies; copy++) {
      const dataDirectory = join(this.#directory, `${shard}-${copy}`);
      const [httpPort, tcpPort] = [await freePort(), await freePort()];
      added.push(
        new ClickHouseNode({ shard, copy, dataDirectory, httpPort, tcpPort, password: this.#password }),
      );
    }
    this.nodes.push(...added);
    return added;
  }

  async #startAll(nodes: readonly ClickHouseNode[]): Promise<void> {
    await Promise.all(nodes.map((node) => node.start(this.#remoteServers())));
  }

  #remoteServers(): string {
    const shards = Array.from({ length: this.nodes.length / this.copies }, (_, i) => this.copiesOf(i + 1));
    const replica = ({ tcpPort, username, password }: ClickHouseNode) =>
      `<replica><host>127.0.0.1</host><port>${tcpPort}</port><user>${username}</user><password>${password}</password></replica>`;
    const shard = (copies: readonly ClickHouseNode[]) =>
      `<shard><internal_replication>true</internal_replication>${copies.map(replica).join('')}</shard>`;
    return `<remote_servers><${NAME}>${shards.map(shard).join('')}</${NAME}></remote_servers>`;
  }
}
