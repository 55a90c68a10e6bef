import { readFile } from 'node:fs/promises';
import type { EmbeddedClickHouse } from '@quantumtrade/dal-clickhouse-embedded';
import { startEmbeddedClickHouse } from '@quantumtrade/dal-clickhouse-embedded';
import { until } from '@quantumtrade/dal-testing';
import { queryClickHouse } from '@quantumtrade/dal-testing/clickhouse';
import { HostProxy } from './host-proxy.js';

/** Faults of a host. Each is undone by `heal`. */
export const FAULTS = ['kill', 'pause', 'reset', 'silence', 'slow'] as const;
export type Fault = (typeof FAULTS)[number];

/** How long the answers of a slow host take longer, in milliseconds. */
const SLOW_MS = 2_000;

/** A real ClickHouse engine behind a port that stays the same. */
export class EngineHost {
  readonly #engine: EmbeddedClickHouse;
  readonly #proxy: HostProxy;
  #fault: Fault | undefined;

  private constructor(engine: EmbeddedClickHouse, proxy: HostProxy) {
    this.#engine = engine;
    this.#proxy = proxy;
  }

  /** Starts a host whose user has this password. */
  static async start(password: string): Promise<EngineHost> {
    const engine = await startEmbeddedClickHouse({ password });
    return new EngineHost(engine, await HostProxy.start(engine.httpPort));
  }

  get url(): string {
    return `http://127.0.0.1:${this.#proxy.port}`;
  }

  get username(): string {
    return this.#engine.username;
  }

  /** Requests that the host has reset. */
  get resetCount(): number {
    return this.#proxy.resetCount;
  }

  /** Runs a statement past the proxy. Returns tab-separated values. */
  query(sql: string): Promise<string> {
    return queryClickHouse(this.#engine, sql);
  }

  /**
   * Does something to the host:
   * - `kill`: the engine gets SIGKILL; connections are refused.
   * - `pause`: the engine gets SIGSTOP; connections open, and wait.
   * - `reset`: connections are reset when something is sent on them.
   * - `silence`: nothing gets through in either direction; connections stay open.
   * - `slow`: answers come 2 s later.
   */
  async suffer(fault: Fault): Promise<void> {
    await this.heal();
    this.#fault = fault;
    switch (fault) {
      case 'kill':
        await this.#proxy.enter('closed');
        // The server's process would restart the engine at once.
        process.kill(this.#engine.pid, 'SIGSTOP');
        process.kill(await this.#enginePid(), 'SIGKILL');
        break;
      case 'pause':
        process.kill(await this.#enginePid(), 'SIGSTOP');
        break;
      case 'reset':
        await this.#proxy.enter('resetting');
        break;
      case 'silence':
        await this.#proxy.enter('silent');
        break;
      case 'slow':
        this.#proxy.answerDelayMs = SLOW_MS;
    }
  }

  /** Undoes the fault. Resolves when the host answers again. */
  async heal(): Promise<void> {
    const fault = this.#fault;
    this.#fault = undefined;
    if (fault === 'kill') process.kill(this.#engine.pid, 'SIGCONT');
    if (fault === 'pause') process.kill(await this.#enginePid(), 'SIGCONT');
    if (fault === 'kill' || fault === 'pause') {
      await until(() =>
        this.query('SELECT 1').then(
          () => true,
          () => false,
        ),
      );
    }
    this.#proxy.answerDelayMs = 0;
    await this.#proxy.enter('open');
  }

  /** Ends the host in any state. */
  async stop(): Promise<void> {
    await this.heal();
    await this.#proxy.enter('closed');
    await this.#engine.stop();
  }

  /** Process of the engine: the child of the server's. */
  async #enginePid(): Promise<number> {
    const { pid } = this.#engine;
    return Number((await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8')).trim().split(' ')[0]);
  }
}
