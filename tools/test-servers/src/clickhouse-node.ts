import { rm } from 'node:fs/promises';
import { startEmbeddedClickHouse, type EmbeddedClickHouse } from '@quantumtrade/dal-clickhouse-embedded';
import { queryClickHouse, type ClickHouseLogin } from '@quantumtrade/dal-testing/clickhouse';

/** Pools of threads that send what `Distributed` tables queue. This engine has none by default. */
const BACKGROUND_POOLS =
  '<background_distributed_schedule_pool_size>4</background_distributed_schedule_pool_size>' +
  '<background_schedule_pool_size>8</background_schedule_pool_size>';

export interface ClickHouseNodeOptions {
  readonly shard: number;
  readonly copy: number;
  readonly dataDirectory: string;
  readonly httpPort: number;
  readonly tcpPort: number;
  readonly password: string;
}

/** A server of a cluster, with an address and data that outlive its process. */
export class ClickHouseNode implements ClickHouseLogin {
  /** From 1, as in the cluster's `remote_servers`. */
  readonly shard: number;
  /** From 1, in each shard. */
  readonly copy: number;
  readonly url: string;
  readonly tcpPort: number;
  readonly username = 'dal';
  readonly password: string;
  readonly #options: ClickHouseNodeOptions;
  #engine: EmbeddedClickHouse | undefined;
  #remoteServers = '';

  constructor(options: ClickHouseNodeOptions) {
    this.#options = options;
    this.shard = options.shard;
    this.copy = options.copy;
    this.url = `http://127.0.0.1:${options.httpPort}`;
    this.tcpPort = options.tcpPort;
    this.password = options.password;
  }

  /** Element of the configuration that the server was last started with. */
  get remoteServers(): string {
    return this.#remoteServers;
  }

  get isRunning(): boolean {
    return this.#engine !== undefined;
  }

  /** Starts the server on its data, with the given `<remote_servers>` or those of its last start. */
  async start(remoteServers = this.#remoteServers): Promise<void> {
    this.#remoteServers = remoteServers;
    const { shard, copy, dataDirectory, httpPort, tcpPort, password } = this.#options;
    const macros = `<macros><shard>${shard}</shard><replica>${copy}</replica></macros>`;
    this.#engine = await startEmbeddedClickHouse({
      dataDirectory,
      httpPort,
      tcpPort,
      password,
      configuration: BACKGROUND_POOLS + macros + remoteServers,
    });
  }

  /** Kills the server with SIGKILL, if it runs. Its port refuses connections afterwards. */
  async kill(): Promise<void> {
    const engine = this.#engine;
    this.#engine = undefined;
    await engine?.stop();
  }

  /** Kills the server and deletes its data. It is empty when it starts again. */
  async lose(): Promise<void> {
    await this.kill();
    await rm(this.#options.dataDirectory, { recursive: true });
  }

  /** Runs a statement on this node. Returns tab-separated values. */
  query(sql: string, database?: string): Promise<string> {
    return queryClickHouse(this, sql, database);
  }
}
