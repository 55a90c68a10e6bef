import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { ClickHouseSettings } from '@quantumtrade/dal-clickhouse';
import type { EmbeddedClickHouse } from '@quantumtrade/dal-clickhouse-embedded';
import { startEmbeddedClickHouse } from '@quantumtrade/dal-clickhouse-embedded';
import { ClickHouseCluster, type ClickHouseNode } from '@quantumtrade/dal-test-servers/cluster';
import type { Random } from '@quantumtrade/dal-testing';
import { queryClickHouse } from '@quantumtrade/dal-testing/clickhouse';
import { copyMigratedEngine } from '../writing/migrated-engine.js';

/** Servers of ClickHouse that can be lost with their data. */
export interface LosableServers {
  /** How they are reached now. */
  readonly settings: ClickHouseSettings;
  /** Time limit of a request while they may be lost (milliseconds). */
  readonly requestTimeoutMs: number;
  /** Kills all of them and deletes their data. */
  lose(): Promise<void>;
  /** Starts empty ones, whose rows may be spread in another way. */
  replace(random: Random): Promise<void>;
  /**
   * Runs a statement on each of them. Returns the tab-separated values of each row, those of one copy where rows have copies. Throws when
   * copies differ.
   */
  query(sql: string, database: string): Promise<string[][]>;
  stop(): Promise<void>;
}

/** One engine by itself. */
export class LosableEngine implements LosableServers {
  readonly requestTimeoutMs = 2_000;
  readonly #directory: string;
  #engine: EmbeddedClickHouse;

  private constructor(directory: string, engine: EmbeddedClickHouse) {
    this.#directory = directory;
    this.#engine = engine;
  }

  /** Starts an engine with the migrated template. */
  static async start(directory: string): Promise<LosableEngine> {
    const dataDirectory = join(directory, 'engine');
    await copyMigratedEngine(dataDirectory);
    return new LosableEngine(directory, await startEmbeddedClickHouse({ dataDirectory }));
  }

  get settings(): ClickHouseSettings {
    const { url, username, password } = this.#engine;
    return { url, username, password };
  }

  async lose(): Promise<void> {
    process.kill(this.#engine.pid, 'SIGKILL');
    await this.#engine.closed;
    await rm(join(this.#directory, 'engine'), { recursive: true });
  }

  async replace(): Promise<void> {
    this.#engine = await startEmbeddedClickHouse({ dataDirectory: join(this.#directory, 'new-engine') });
  }

  async query(sql: string, database: string): Promise<string[][]> {
    return valuesOf(await queryClickHouse(this.#engine, sql, database));
  }

  async stop(): Promise<void> {
    await this.#engine.stop().catch(() => undefined);
  }
}

type Layout = NonNullable<NonNullable<ClickHouseSettings['cluster']>['layout']>;

/** Ways in which rows of January and February 2024 are spread over two shards. */
const LAYOUTS: readonly Layout[] = [
  [{ shards: 2 }],
  [{ shards: 1 }],
  [{ shards: 1 }, { from: '2024-02', shards: 2 }],
];

/** Two shards of two copies that the writer keeps equal. */
export class LosableCluster implements LosableServers {
  readonly requestTimeoutMs = 30_000;
  readonly #cluster: ClickHouseCluster;
  #layout: Layout = LAYOUTS[0]!;

  private constructor(cluster: ClickHouseCluster) {
    this.#cluster = cluster;
  }

  static async start(): Promise<LosableCluster> {
    return new LosableCluster(await ClickHouseCluster.start({ shards: 2, copies: 2 }));
  }

  get settings(): ClickHouseSettings {
    const { name, nodes } = this.#cluster;
    const { username, password } = nodes[0]!;
    return {
      endpoints: nodes.map(({ url, shard }) => ({ url, shard: String(shard) })),
      cluster: { name, copies: 'written', layout: this.#layout },
      // Four engines share the machine: one that answers late is not lost.
      failover: { probeTimeoutMs: 30_000 },
      ...{ username, password },
    };
  }

  async lose(): Promise<void> {
    await Promise.all(this.#cluster.nodes.map((node) => node.lose()));
  }

  async replace(random: Random): Promise<void> {
    this.#layout = random.pick(LAYOUTS);
    await Promise.all(this.#cluster.nodes.map((node) => node.start()));
  }

  async query(sql: string, database: string): Promise<string[][]> {
    const answerOf = async (node: ClickHouseNode) => (await node.query(sql, database)).split('\n').sort();
    const rows: string[] = [];
    for (const shard of [1, 2]) {
      const [first, second] = await Promise.all(this.#cluster.copiesOf(shard).map(answerOf));
      if (first!.join() !== second!.join()) throw new Error(`copies of shard ${shard} differ`);
      rows.push(...first!);
    }
    return valuesOf(rows.filter((row) => row !== '').join('\n'));
  }

  stop(): Promise<void> {
    return this.#cluster.stop();
  }
}

const valuesOf = (lines: string): string[][] =>
  lines
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => line.split('\t'));
