import type { InvalidationListener } from '@quantumtrade/dal-domain';
import { Cluster, type Redis } from 'ioredis';
import type { RedisClients } from '../connection/redis-client.js';
import type { ChangeChannel } from './change-channel.js';
import { InvalidationConnection } from './invalidation-connection.js';

/** Interval at which a cluster is asked for its nodes, in addition to refreshes after redirections. */
const TOPOLOGY_REFRESH_MS = 5_000;

const TOPOLOGY_EVENTS = ['+node', '-node', 'refresh', 'ready', 'close', 'end'];

/** Invalidation connections to all servers that answer reads. The listener is connected while all of them are up. */
export class InvalidationConnections {
  readonly #clients: RedisClients;
  readonly #channel: ChangeChannel;
  readonly #listener: InvalidationListener;
  readonly #connections = new Map<Redis, InvalidationConnection>();
  readonly #closing: Promise<void>[] = [];
  readonly #refreshTimer: NodeJS.Timeout | undefined;
  #isUp = false;

  constructor(clients: RedisClients, channel: ChangeChannel, listener: InvalidationListener) {
    this.#clients = clients;
    this.#channel = channel;
    this.#listener = listener;
    const { master } = clients;
    if (master instanceof Cluster) {
      for (const event of TOPOLOGY_EVENTS) master.on(event, this.#followTopology);
      this.#refreshTimer = setInterval(() => master.refreshSlotsCache(), TOPOLOGY_REFRESH_MS);
    }
    this.#followTopology();
  }

  /** Number of connections that are up. */
  get count(): number {
    return [...this.#connections.values()].filter(({ isUp }) => isUp).length;
  }

  /** Failure of a connection that is not up. */
  get disconnectedReason(): string | undefined {
    for (const { disconnectedReason } of this.#connections.values()) {
      if (disconnectedReason !== undefined) return disconnectedReason;
    }
    return undefined;
  }

  /** Closes all connections without notifying the listener. */
  async close(): Promise<void> {
    const { master } = this.#clients;
    clearInterval(this.#refreshTimer);
    for (const event of TOPOLOGY_EVENTS) master.off(event, this.#followTopology);
    for (const connection of this.#connections.values()) this.#closing.push(connection.close());
    this.#connections.clear();
    await Promise.all(this.#closing);
  }

  /** Opens and closes connections for the current servers. Disconnects on every change, because messages may be missed. */
  readonly #followTopology = (): void => {
    const servers = readServers(this.#clients);
    const removed = [...this.#connections.keys()].filter((server) => !servers.includes(server));
    const added = servers.filter((server) => !this.#connections.has(server));
    if (removed.length + added.length === 0) return;
    this.#disconnect();
    for (const server of removed) {
      this.#closing.push(this.#connections.get(server)!.close());
      this.#connections.delete(server);
    }
    for (const server of added) {
      const connection = new InvalidationConnection(server, this.#channel, {
        onConnected: () => this.#connectIfComplete(),
        onDisconnected: () => this.#disconnect(),
        onInvalidated: (keys) => {
          if (this.#isUp) this.#listener.onInvalidated(keys);
        },
      });
      this.#connections.set(server, connection);
    }
    this.#connectIfComplete();
  };

  #connectIfComplete(): void {
    if (this.#isUp || this.#connections.size === 0 || this.count < this.#connections.size) return;
    this.#isUp = true;
    this.#listener.onConnected();
  }

  #disconnect(): void {
    if (!this.#isUp) return;
    this.#isUp = false;
    this.#listener.onDisconnected();
  }
}

/** Returns the servers that answer reads. A replica is included: it announces a change when the change has reached it. */
function readServers({ master, replica }: RedisClients): Redis[] {
  if (master instanceof Cluster) {
    return master.nodes(master.options.scaleReads === 'master' ? 'master' : 'all');
  }
  return replica ? [master, replica] : [master];
}
