import type { InvalidationListener } from '@quantumtrade/dal-domain';
import { Cluster, type Redis } from 'ioredis';
import type { RedisClients } from '../connection/clients.js';
import type { Announcements } from './change-channel.js';
import { ListeningConnection } from './invalidation-connection.js';

/** How often a cluster is asked which nodes it has, even when no command has found that they have changed. */
const LOOK_EVERY_MS = 5_000;

const TOPOLOGY_EVENTS = ['+node', '-node', 'refresh', 'ready', 'close', 'end'];

/** A listening connection to every server that answers reads. The listener is connected while all of them are up. */
export class ListeningConnections {
  readonly #clients: RedisClients;
  readonly #announcements: Announcements;
  readonly #listener: InvalidationListener;
  readonly #connections = new Map<Redis, ListeningConnection>();
  readonly #ending: Promise<void>[] = [];
  readonly #lookOut: NodeJS.Timeout | undefined;
  #isUp = false;

  constructor(clients: RedisClients, announcements: Announcements, listener: InvalidationListener) {
    this.#clients = clients;
    this.#announcements = announcements;
    this.#listener = listener;
    const { master } = clients;
    if (master instanceof Cluster) {
      for (const event of TOPOLOGY_EVENTS) master.on(event, this.#follow);
      this.#lookOut = setInterval(() => master.refreshSlotsCache(), LOOK_EVERY_MS);
    }
    this.#follow();
  }

  get count(): number {
    return [...this.#connections.values()].filter(({ isUp }) => isUp).length;
  }

  /** Why one of them is not up. */
  get trouble(): string | undefined {
    return [...this.#connections.values()].map(({ trouble }) => trouble).find((each) => each !== undefined);
  }

  /** Ends them without a word to the listener. */
  async close(): Promise<void> {
    const { master } = this.#clients;
    clearInterval(this.#lookOut);
    for (const event of TOPOLOGY_EVENTS) master.off(event, this.#follow);
    for (const connection of this.#connections.values()) this.#ending.push(connection.close());
    this.#connections.clear();
    await Promise.all(this.#ending);
  }

  /** Listens to the servers that there are now. With another set of them, changes may have gone unheard. */
  readonly #follow = (): void => {
    const servers = readFrom(this.#clients);
    const gone = [...this.#connections.keys()].filter((server) => !servers.includes(server));
    const come = servers.filter((server) => !this.#connections.has(server));
    if (gone.length + come.length === 0) return;
    this.#goDown();
    for (const server of gone) {
      this.#ending.push(this.#connections.get(server)!.close());
      this.#connections.delete(server);
    }
    for (const server of come) {
      const connection = new ListeningConnection(server, this.#announcements, {
        onConnected: () => this.#goUp(),
        onDisconnected: () => this.#goDown(),
        onInvalidated: (keys) => {
          if (this.#isUp) this.#listener.onInvalidated(keys);
        },
      });
      this.#connections.set(server, connection);
    }
    this.#goUp();
  };

  #goUp(): void {
    if (this.#isUp || this.#connections.size === 0 || this.count < this.#connections.size) return;
    this.#isUp = true;
    this.#listener.onConnected();
  }

  #goDown(): void {
    if (!this.#isUp) return;
    this.#isUp = false;
    this.#listener.onDisconnected();
  }
}

/** A replica tells of a change when it has it, and may be read before: it has to be listened to itself. */
function readFrom({ master, replica }: RedisClients): Redis[] {
  if (master instanceof Cluster)
    return master.nodes(master.options.scaleReads === 'master' ? 'master' : 'all');
  return replica ? [master, replica] : [master];
}
