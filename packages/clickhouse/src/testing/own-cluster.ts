import { randomBytes } from 'node:crypto';
import { ClickHouseCluster, type ClickHouseNode } from '@quantumtrade/dal-test-servers/cluster';
import { copySchema } from '@quantumtrade/dal-testing/clickhouse';
import { connectClickHouse, type ClickHouseBackend, type ClickHouseBackendOptions } from '../backend.js';
import { distributedDatabase } from '../cluster/distributed-tables.js';
import type { ClickHouseSettings } from '../settings.js';

const TEMPLATE = 'template';

/** Two shards of two copies that the writer keeps equal, and backends with databases of their own on them. */
export class OwnCluster {
  readonly #cluster: ClickHouseCluster;

  private constructor(cluster: ClickHouseCluster) {
    this.#cluster = cluster;
  }

  /** Starts the servers, with a migrated database whose tables the backends copy. */
  static async start(): Promise<OwnCluster> {
    const own = new OwnCluster(await ClickHouseCluster.start({ shards: 2, copies: 2 }));
    const { schema, probe } = connectClickHouse(own.settings(TEMPLATE));
    await schema.initialize();
    await probe.close();
    return own;
  }

  settings(database: string): ClickHouseSettings {
    const { name, nodes } = this.#cluster;
    const { username, password } = nodes[0]!;
    return {
      endpoints: nodes.map(({ url, shard }) => ({ url, shard: String(shard) })),
      cluster: { name, copies: 'written', layout: [{ shards: 2 }] },
      ...{ database, username, password },
    };
  }

  /** Opens a backend with its schema in a database of its own. Its close also drops the databases whose names begin with its own. */
  async open(
    options?: ClickHouseBackendOptions,
  ): Promise<{ readonly backend: ClickHouseBackend; close(): Promise<void> }> {
    const database = `test_${randomBytes(6).toString('hex')}`;
    await Promise.all(this.#cluster.nodes.map((node) => this.#copyTables(node, database)));
    const backend = connectClickHouse(this.settings(database), options);
    return {
      backend,
      close: async () => {
        await backend.probe.close();
        const names = await this.#cluster.query(
          `SELECT name FROM system.databases WHERE startsWith(name, '${database}') ORDER BY name DESC`,
        );
        for (const name of new Set(names.flatMap((lines) => lines.trim().split('\n'))))
          await this.#cluster.query(`DROP DATABASE IF EXISTS ${name} SYNC`);
      },
    };
  }

  stop(): Promise<void> {
    return this.#cluster.stop();
  }

  async #copyTables(node: ClickHouseNode, database: string): Promise<void> {
    await copySchema(node, TEMPLATE, database);
    const distributed = distributedDatabase(database);
    await node.query(`CREATE DATABASE ${distributed}`);
    const tables = await node.query(
      `SELECT name FROM system.tables WHERE database = '${distributedDatabase(TEMPLATE)}'`,
    );
    for (const table of tables.trim().split('\n'))
      await node.query(
        `CREATE TABLE ${distributed}.${table} AS ${database}.${table} ENGINE = Distributed('${this.#cluster.name}', '${database}', '${table}')`,
      );
  }
}
