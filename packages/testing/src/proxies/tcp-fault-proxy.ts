import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { listen } from '../listen.js';

/**
 * State of the server as its clients see it:
 * - `open`: connections work.
 * - `closed`: connections are cut, and new ones refused.
 * - `resetting`: connections are reset when something is sent on them.
 * - `silent`: connections open and stay open, and nothing gets through in either direction, as behind a lost route.
 */
export type ProxyState = 'open' | 'closed' | 'resetting' | 'silent';

/** Requests go from client to server, answers back. */
export type TrafficDirection = 'request' | 'answer';

/** A planned break of a connection. */
export interface Cut {
  readonly direction: TrafficDirection;
  /** Number of bytes in this direction, on all connections since the previous cut, that are forwarded before it. */
  readonly afterBytes: number;
  /**
   * Whether the client's connection is reset or ended after what the server answers. The server's connection is always ended:
   * the embedded engine aborts when a connection is reset in the middle of a request.
   */
  readonly how: 'reset' | 'end';
}

/** A client's connection and the one to the server behind it. */
export class ProxiedConnection {
  readonly client: Socket;
  readonly server: Socket;
  /** Whether everything sent from now on is lost, in both directions. */
  isDiscarding = false;

  constructor(client: Socket, server: Socket) {
    this.client = client;
    this.server = server;
  }

  /** Holds up what the client sends. The connection stays open. */
  freeze(): void {
    this.client.pause();
  }

  /** Holds up answers for a time in milliseconds. */
  delayAnswers(delayMs: number): void {
    this.server.pause();
    setTimeout(() => this.server.resume(), delayMs);
  }

  /** Cuts the connection. Its server sees it end, never a reset. */
  destroy(): void {
    this.client.destroy();
    this.server.end();
  }
}

/** TCP proxy in front of one server, whose port stays the same. Cuts, freezes and delays connections, and stands for a server that fails. */
export class TcpFaultProxy {
  /** Open connections in the order in which they were opened. */
  readonly connections: ProxiedConnection[] = [];
  /** Called before a chunk is forwarded. */
  onChunk: (connection: ProxiedConnection, direction: TrafficDirection, chunk: Buffer) => void = () =>
    undefined;
  /** Time for which answers are held up, in milliseconds. */
  answerDelayMs = 0;
  /** Connections on which something was sent while the state was `resetting`: attempts of clients. */
  resetCount = 0;
  readonly #target: { readonly host: string; readonly port: number };
  readonly #server = createServer({ allowHalfOpen: true }, (client) => this.#accept(client));
  #port = 0;
  #state: ProxyState = 'open';
  #cuts: Cut[] = [];
  #forwarded: Record<TrafficDirection, number> = { request: 0, answer: 0 };

  private constructor(port: number, host: string) {
    this.#target = { host, port };
  }

  static async start(port: number, host = '127.0.0.1'): Promise<TcpFaultProxy> {
    const proxy = new TcpFaultProxy(port, host);
    proxy.#port = await listen(proxy.#server);
    return proxy;
  }

  /** Host and port that clients connect to. */
  get address(): string {
    return `127.0.0.1:${this.#port}`;
  }

  /** Number of planned cuts that have not happened. */
  get plannedCuts(): number {
    return this.#cuts.length;
  }

  /** Replaces the planned cuts. They happen in this order. */
  planCuts(cuts: readonly Cut[]): void {
    this.#cuts = [...cuts];
    this.#forwarded = { request: 0, answer: 0 };
  }

  async enter(state: ProxyState): Promise<void> {
    const before = this.#state;
    this.#state = state;
    // What is connected while nothing gets through has lost bytes, and cannot go on.
    if (state === 'closed' || before === 'silent')
      for (const connection of [...this.connections]) connection.destroy();
    if (state === 'closed' && before !== 'closed') {
      this.#server.close();
      await once(this.#server, 'close');
    }
    if (state !== 'closed' && before === 'closed') {
      this.#server.listen(this.#port, '127.0.0.1');
      await once(this.#server, 'listening');
    }
  }

  #accept(client: Socket): void {
    const server = connect({ ...this.#target, allowHalfOpen: true });
    const connection = new ProxiedConnection(client, server);
    this.connections.push(connection);
    this.#forward(connection, 'request', client, server);
    this.#forward(connection, 'answer', server, client);
    client.once('close', () => this.connections.splice(this.connections.indexOf(connection), 1));
  }

  #forward(connection: ProxiedConnection, direction: TrafficDirection, from: Socket, to: Socket): void {
    let isCut = false;
    const later = direction === 'answer' ? this.#delayed() : (run: () => void) => run();
    from.setNoDelay().on('error', () => undefined);
    from.on('data', (chunk: Buffer) => {
      this.onChunk(connection, direction, chunk);
      if (this.#state === 'resetting' && direction === 'request') {
        this.resetCount++;
        connection.client.resetAndDestroy();
        return;
      }
      if (isCut || connection.isDiscarding || this.#state === 'silent' || to.destroyed) return;
      const cut = this.#cuts[0];
      const left = cut?.direction === direction ? cut.afterBytes - this.#forwarded[direction] : Infinity;
      this.#forwarded[direction] += chunk.length;
      if (chunk.length <= left) {
        later(() => void (to.destroyed || to.write(chunk)));
        return;
      }
      this.planCuts(this.#cuts.slice(1));
      isCut = true;
      to.end(chunk.subarray(0, left));
      if (cut!.how === 'reset') connection.client.destroy();
    });
    // The client of a silent server does not learn that the connection has ended.
    const end = () => void (direction === 'request' || this.#state !== 'silent' ? to.end() : undefined);
    from.on('end', () => later(end));
    from.on('close', () => later(end));
  }

  /** Returns a function that runs something after the delay of answers, always in order: what was delayed more runs earlier than its time. */
  #delayed(): (run: () => void) => void {
    const waiting: (() => void)[] = [];
    const runUntil = (last: () => void) => {
      while (waiting.includes(last)) waiting.shift()!();
    };
    return (run) => {
      waiting.push(run);
      if (this.answerDelayMs === 0) runUntil(run);
      else setTimeout(() => runUntil(run), this.answerDelayMs).unref();
    };
  }
}
