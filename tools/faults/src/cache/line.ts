import { once } from 'node:events';
import type { AddressInfo, Socket } from 'node:net';
import { connect, createServer } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import type { Random } from '@quantumtrade/dal-testing';

const LAG_CHANCE = 0.05;
const LONGEST_LAG_MS = 20;

export type Kind = 'calling' | 'listening';

interface Connection {
  readonly ends: readonly Socket[];
  kind: Kind;
  /** Whether what is sent on it is lost, in both directions. */
  isDead: boolean;
}

/**
 * All connections between one process and the server. Each can be cut off, and lose what was on its way. Answers to calls are
 * now and then overtaken by what is told on the connection that listens.
 */
export class Line {
  /** How often a connection of each kind was cut. */
  readonly cuts: Record<Kind, number> = { calling: 0, listening: 0 };
  readonly #connections = new Set<Connection>();
  readonly #server = createServer((client) => this.#take(client));
  readonly #port: number;
  readonly #random: Random;

  private constructor(port: number, random: Random) {
    this.#port = port;
    this.#random = random;
  }

  static async to(port: number, random: Random): Promise<Line> {
    const line = new Line(port, random);
    line.#server.listen(0, '127.0.0.1');
    await once(line.#server, 'listening');
    return line;
  }

  get url(): string {
    return `redis://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** Whether the process has a connection for its calls, and one that listens to invalidations. */
  get isWhole(): boolean {
    const kinds = [...this.#connections].map(({ kind }) => kind);
    return kinds.includes('calling') && kinds.includes('listening');
  }

  /** Cuts the connections of these kinds, after a time in which they lose what is sent. */
  async cut(kinds: readonly Kind[], deadMs: number): Promise<void> {
    const victims = [...this.#connections].filter(({ kind }) => kinds.includes(kind));
    for (const victim of victims) victim.isDead = true;
    if (deadMs > 0) await delay(deadMs);
    for (const victim of victims) {
      if (this.#connections.has(victim)) this.cuts[victim.kind]++;
      for (const end of victim.ends) end.destroy();
    }
  }

  stop(): void {
    this.#server.close();
    for (const { ends } of this.#connections) for (const end of ends) end.destroy();
  }

  #take(client: Socket): void {
    const server = connect(this.#port, '127.0.0.1');
    const connection: Connection = { ends: [client, server], kind: 'calling', isDead: false };
    this.#connections.add(connection);
    client.on('data', (chunk) => {
      if (/subscribe/i.test(chunk.toString('latin1'))) connection.kind = 'listening';
      if (!connection.isDead) server.write(chunk);
    });
    server.on('data', (chunk) => {
      if (connection.isDead) return;
      client.write(chunk);
      if (connection.kind === 'calling' && this.#random.chance(LAG_CHANCE)) {
        server.pause();
        setTimeout(() => server.resume(), this.#random.below(LONGEST_LAG_MS));
      }
    });
    for (const [end, other] of [
      [client, server],
      [server, client],
    ] as const) {
      end.setNoDelay().on('error', () => undefined);
      end.on('close', () => {
        other.destroy();
        this.#connections.delete(connection);
      });
    }
  }
}
