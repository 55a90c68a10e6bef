import type { TcpFaultProxy } from '@quantumtrade/dal-testing/proxies';

/** Faults of every host. Each is undone by `heal`. */
export const FAULTS = ['kill', 'pause', 'reset', 'silence', 'slow'] as const;
/** Faults of a Redis host. */
export const REDIS_FAULTS = [...FAULTS, 'demote'] as const;

export type Fault = (typeof FAULTS)[number];
export type RedisFault = (typeof REDIS_FAULTS)[number];

/** Faults of a server itself; the others are those of the way to it. */
export type ServerFault<F extends RedisFault = RedisFault> = Extract<F, 'kill' | 'pause' | 'demote'>;

/** How long the answers of a slow host take longer, in milliseconds. */
const SLOW_MS = 2_000;

/** A real server behind a port that stays the same. */
export abstract class FaultyHost<F extends RedisFault = RedisFault> {
  readonly #proxy: TcpFaultProxy;
  #fault: F | undefined;

  protected constructor(proxy: TcpFaultProxy) {
    this.#proxy = proxy;
  }

  /** Host and port that clients connect to. */
  get address(): string {
    return this.#proxy.address;
  }

  /** Connections with a request that the host has reset: attempts of clients. */
  get resetCount(): number {
    return this.#proxy.resetCount;
  }

  /**
   * Does something to the host:
   * - `kill`: the server gets SIGKILL; connections are refused.
   * - `pause`: the server gets SIGSTOP; connections open, and wait.
   * - `reset`: connections are reset when something is sent on them.
   * - `silence`: nothing gets through in either direction; connections stay open.
   * - `slow`: answers come 2 s later.
   * - `demote`: a Redis becomes a replica, which refuses writes with READONLY.
   */
  async suffer(fault: F): Promise<void> {
    await this.heal();
    this.#fault = fault;
    if (fault === 'slow') this.#proxy.answerDelayMs = SLOW_MS;
    else if (fault === 'reset') await this.#proxy.enter('resetting');
    else if (fault === 'silence') await this.#proxy.enter('silent');
    else {
      if (fault === 'kill') await this.#proxy.enter('closed');
      await this.beginFault(fault as ServerFault<F>);
    }
  }

  /** Undoes the fault. Resolves when the host answers again. */
  async heal(): Promise<void> {
    const fault = this.#fault;
    this.#fault = undefined;
    if (fault === 'kill' || fault === 'pause' || fault === 'demote')
      await this.endFault(fault as ServerFault<F>);
    this.#proxy.answerDelayMs = 0;
    await this.#proxy.enter('open');
  }

  /** Ends the host in any state. */
  async stop(): Promise<void> {
    await this.heal();
    await this.#proxy.enter('closed');
    await this.stopServer();
  }

  protected abstract beginFault(fault: ServerFault<F>): Promise<void>;
  /** Resolves when the server answers again. */
  protected abstract endFault(fault: ServerFault<F>): Promise<void>;
  protected abstract stopServer(): Promise<void>;
}
