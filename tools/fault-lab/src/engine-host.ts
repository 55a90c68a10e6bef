import { readFile } from 'node:fs/promises';
import type { EmbeddedClickHouse } from '@quantumtrade/dal-clickhouse-embedded';
import { startEmbeddedClickHouse } from '@quantumtrade/dal-clickhouse-embedded';
import { until } from '@quantumtrade/dal-testing';
import { queryClickHouse } from '@quantumtrade/dal-testing/clickhouse';
import { TcpFaultProxy } from '@quantumtrade/dal-testing/proxies';
import { FaultyHost, type Fault, type ServerFault } from './faulty-host.js';

/** A ClickHouse engine that fails on command. */
export class EngineHost extends FaultyHost<Fault> {
  readonly #engine: EmbeddedClickHouse;

  private constructor(engine: EmbeddedClickHouse, proxy: TcpFaultProxy) {
    super(proxy);
    this.#engine = engine;
  }

  /** Starts a host whose user has this password. */
  static async start(password: string): Promise<EngineHost> {
    const engine = await startEmbeddedClickHouse({ password });
    return new EngineHost(engine, await TcpFaultProxy.start(engine.httpPort));
  }

  get url(): string {
    return `http://${this.address}`;
  }

  get username(): string {
    return this.#engine.username;
  }

  /** Runs a statement past the proxy. Returns tab-separated values. */
  query(sql: string): Promise<string> {
    return queryClickHouse(this.#engine, sql);
  }

  protected async beginFault(fault: ServerFault<Fault>): Promise<void> {
    // The server's process would restart a killed engine at once.
    if (fault === 'kill') process.kill(this.#engine.pid, 'SIGSTOP');
    process.kill(await this.#enginePid(), fault === 'kill' ? 'SIGKILL' : 'SIGSTOP');
  }

  protected async endFault(fault: ServerFault<Fault>): Promise<void> {
    process.kill(fault === 'kill' ? this.#engine.pid : await this.#enginePid(), 'SIGCONT');
    await until(() =>
      this.query('SELECT 1').then(
        () => true,
        () => false,
      ),
    );
  }

  protected stopServer(): Promise<void> {
    return this.#engine.stop();
  }

  /** Process of the engine: the child of the server's. */
  async #enginePid(): Promise<number> {
    const { pid } = this.#engine;
    return Number((await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8')).trim().split(' ')[0]);
  }
}
