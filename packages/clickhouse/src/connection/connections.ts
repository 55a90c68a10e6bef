import { once } from 'node:events';
import http from 'node:http';
import https from 'node:https';
import type { Socket } from 'node:net';
import type { CompleteSettings } from '../settings.js';

/** The open sockets to the server: bounded in number, and each in the time it may take to open. */
export class Connections {
  readonly agent: http.Agent;
  readonly #open = new Set<Socket>();

  constructor(
    { url, connectionTimeoutMs }: Pick<CompleteSettings, 'url' | 'connectionTimeoutMs'>,
    maxConnections: number,
  ) {
    const secure = url.startsWith('https:');
    this.agent = new (secure ? https.Agent : http.Agent)({
      keepAlive: true,
      maxSockets: maxConnections,
      scheduling: 'lifo',
    });
    const connect = this.agent.createConnection.bind(this.agent);
    this.agent.createConnection = (options, callback) =>
      this.#watch(
        connect(options, callback) as Socket,
        secure ? 'secureConnect' : 'connect',
        connectionTimeoutMs,
      );
  }

  /** Sockets open now, idle ones included. */
  get count(): number {
    return this.#open.size;
  }

  /** Breaks all of them off. */
  async close(): Promise<void> {
    const closed = [...this.#open].map((socket) => once(socket, 'close'));
    for (const socket of this.#open) socket.destroy();
    await Promise.all(closed);
  }

  /** Counts a socket while it is open. Node's agents limit how long one may be silent, not how long it may take to open. */
  #watch(socket: Socket, opened: 'connect' | 'secureConnect', timeoutMs: number): Socket {
    const timer = setTimeout(() => {
      socket.destroy(Object.assign(new Error('the connection took too long to open'), { code: 'ETIMEDOUT' }));
    }, timeoutMs);
    this.#open.add(socket);
    socket.once(opened, () => clearTimeout(timer));
    socket.once('close', () => {
      clearTimeout(timer);
      this.#open.delete(socket);
    });
    return socket;
  }
}
