import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { freePort } from '../free-port.js';
import { RestartableProcess } from '../restartable-process.js';

/** Returns whether Debian's `clickhouse-server` is installed. */
export const hasReplicatingServer = (): boolean =>
  !spawnSync('clickhouse-server', ['--version'], { stdio: 'ignore' }).error;

/** Name of a server in its shard, and its Keeper. */
export interface ReplicatingServerOptions {
  readonly replica: string;
  /** Element `<zookeeper>` of the configuration. */
  readonly zookeeper: string;
}

type RequestSettings = Readonly<Record<string, string | number>>;

const USERS = `<yandex>
  <profiles><default></default></profiles>
  <quotas><default></default></quotas>
  <users><default>
    <password></password>
    <networks><ip>127.0.0.1</ip></networks>
    <profile>default</profile>
    <quota>default</quota>
  </default></users>
</yandex>
`;

/**
 * A ClickHouse server that replicates, which the embedded engine does not: version 18.16 of Debian. A test may kill it and start it again: its
 * ports and data stay. It has no `DateTime64`, no `Map`, no deduplication tokens and no bound parameters.
 */
export class ReplicatingServer extends RestartableProcess {
  readonly url: string;
  protected readonly command: readonly [string, ...string[]];

  private constructor(options: ReplicatingServerOptions, ports: readonly number[]) {
    super('clickhouse');
    const [http, native, interserver] = ports;
    this.url = `http://127.0.0.1:${http}`;
    const at = (name: string) => join(this.directory, name);
    writeFileSync(at('users.xml'), USERS);
    writeFileSync(
      at('config.xml'),
      `<yandex>
  <logger><level>error</level><console>1</console></logger>
  <listen_host>127.0.0.1</listen_host>
  <http_port>${http}</http_port>
  <tcp_port>${native}</tcp_port>
  <interserver_http_host>127.0.0.1</interserver_http_host>
  <interserver_http_port>${interserver}</interserver_http_port>
  <path>${at('data')}/</path>
  <tmp_path>${at('tmp')}/</tmp_path>
  <users_config>${at('users.xml')}</users_config>
  <default_profile>default</default_profile>
  <default_database>default</default_database>
  <timezone>UTC</timezone>
  <mark_cache_size>100000000</mark_cache_size>
  <macros><shard>1</shard><replica>${options.replica}</replica></macros>
  <merge_tree>
    <zookeeper_session_expiration_check_period>1</zookeeper_session_expiration_check_period>
  </merge_tree>
  ${options.zookeeper}
</yandex>
`,
    );
    this.command = ['clickhouse-server', `--config-file=${at('config.xml')}`];
  }

  /** Starts a server. Resolves when it answers. */
  static async start(options: ReplicatingServerOptions): Promise<ReplicatingServer> {
    const ports = [await freePort(), await freePort(), await freePort()];
    const server = new ReplicatingServer(options, ports);
    await server.restart();
    return server;
  }

  protected isReady(): Promise<boolean> {
    return fetch(`${this.url}/ping`).then(
      ({ ok }) => ok,
      () => false,
    );
  }

  /** Runs a query. Returns tab-separated values. Throws an error with the server's text. */
  query(sql: string, settings: RequestSettings = {}): Promise<string> {
    return this.#post(settings, sql);
  }

  /** Inserts a body in a format. Throws an error with the server's text. */
  async insert(statement: string, body: Uint8Array, settings: RequestSettings = {}): Promise<void> {
    await this.#post({ ...settings, query: statement }, body);
  }

  async #post(settings: RequestSettings, body: string | Uint8Array): Promise<string> {
    const parameters = new URLSearchParams();
    for (const [name, value] of Object.entries(settings)) parameters.set(name, String(value));
    const response = await fetch(`${this.url}/?${parameters}`, { method: 'POST', body });
    const answer = await response.text();
    if (!response.ok) throw new Error(answer);
    return answer.trim();
  }
}
