import { setTimeout as delay } from 'node:timers/promises';
import type { Random } from '@quantumtrade/dal-testing';
import { TcpFaultProxy, type ProxiedConnection } from '@quantumtrade/dal-testing/proxies';

const DELAY_CHANCE = 0.05;
const MAX_DELAY_MS = 20;

/** Connections that send commands, and those that receive invalidations. */
export type ConnectionKind = 'command' | 'invalidation';

/**
 * Proxy for all connections between one process and its Redis. Cuts them, loses what is in transit, and delays replies to commands
 * so that invalidations overtake them.
 */
export class RedisFaultProxy {
  /** Number of cut connections of each kind. */
  readonly cuts: Record<ConnectionKind, number> = { command: 0, invalidation: 0 };
  readonly #proxy: TcpFaultProxy;
  readonly #random: Random;
  readonly #subscribed = new WeakSet<ProxiedConnection>();

  private constructor(proxy: TcpFaultProxy, random: Random) {
    this.#proxy = proxy;
    this.#random = random;
    proxy.onChunk = (connection, direction, chunk) => {
      if (direction === 'request') {
        if (/subscribe/i.test(chunk.toString('latin1'))) this.#subscribed.add(connection);
      } else if (this.#kindOf(connection) === 'command' && this.#random.chance(DELAY_CHANCE)) {
        connection.delayAnswers(this.#random.below(MAX_DELAY_MS));
      }
    };
  }

  static async start(port: number, random: Random): Promise<RedisFaultProxy> {
    return new RedisFaultProxy(await TcpFaultProxy.start(port), random);
  }

  get url(): string {
    return `redis://${this.#proxy.address}`;
  }

  /** Cuts the connections of these kinds after a time in which everything sent on them is lost. */
  async cut(kinds: readonly ConnectionKind[], discardMs: number): Promise<void> {
    const victims = this.#proxy.connections.filter((connection) => kinds.includes(this.#kindOf(connection)));
    for (const victim of victims) victim.isDiscarding = true;
    if (discardMs > 0) await delay(discardMs);
    for (const victim of victims) {
      if (this.#proxy.connections.includes(victim)) this.cuts[this.#kindOf(victim)]++;
      victim.destroy();
    }
  }

  stop(): Promise<void> {
    return this.#proxy.enter('closed');
  }

  #kindOf(connection: ProxiedConnection): ConnectionKind {
    return this.#subscribed.has(connection) ? 'invalidation' : 'command';
  }
}
