import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { listen } from '@quantumtrade/dal-testing';

/**
 * State of a host as its clients see it:
 * - `open`: connections work.
 * - `closed`: connections are cut, and new ones refused.
 * - `resetting`: connections are reset when something is sent on them.
 * - `losing inserts`: inserts are stored, and connections are cut instead of acknowledging them.
 * - `silent`: connections open and stay open, and nothing gets through in either direction, as behind a lost route.
 */
export type HostState = 'open' | 'closed' | 'resetting' | 'losing inserts' | 'silent';

/** Beginning of a request, and the part that only an insert has. */
const POST = 'POST /';
const INSERT = 'query=INSERT';

interface Connection {
  readonly client: Socket;
  readonly server: Socket | undefined;
  /** Whether its latest request is an insert. */
  isInserting: boolean;
}

/**
 * TCP proxy in front of one host, whose port stays the same. The server's connections are ended, never reset: the embedded engine
 * aborts when a connection is reset in the middle of a request.
 */
export class HostProxy {
  /** Time for which answers are held up, in milliseconds. */
  answerDelayMs = 0;
  /** Connections on which something was sent while the state was `resetting`: attempts of clients. */
  resetCount = 0;
  readonly #targetPort: number;
  readonly #connections = new Set<Connection>();
  readonly #server = createServer((client) => this.#accept(client));
  #port = 0;
  #state: HostState = 'open';

  private constructor(targetPort: number) {
    this.#targetPort = targetPort;
  }

  static async start(targetPort: number): Promise<HostProxy> {
    const proxy = new HostProxy(targetPort);
    proxy.#port = await listen(proxy.#server);
    return proxy;
  }

  get port(): number {
    return this.#port;
  }

  async enter(state: HostState): Promise<void> {
    const before = this.#state;
    this.#state = state;
    // What is connected while nothing gets through has lost bytes, and cannot go on.
    if (state === 'closed' || before === 'silent')
      for (const connection of this.#connections) cut(connection);
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
    const server = this.#isForwarding ? connect(this.#targetPort, '127.0.0.1') : undefined;
    const connection = { client, server, isInserting: false };
    this.#connections.add(connection);
    client.setNoDelay().on('error', () => undefined);
    client.on('data', (chunk: Buffer) => this.#onRequest(connection, chunk));
    client.on('close', () => {
      this.#connections.delete(connection);
      server?.end();
    });
    if (!server) return;
    server.setNoDelay().on('error', () => undefined);
    server.on('data', (chunk: Buffer) => this.#onAnswer(connection, chunk));
    server.on('close', () => this.#afterDelay(() => client.destroy()));
  }

  #onRequest(connection: Connection, chunk: Buffer): void {
    const { client, server } = connection;
    if (chunk.includes(POST)) connection.isInserting = chunk.includes(INSERT);
    if (this.#state === 'resetting') {
      this.resetCount++;
      client.resetAndDestroy();
    } else if (this.#isForwarding) server?.write(chunk);
  }

  get #isForwarding(): boolean {
    return this.#state === 'open' || this.#state === 'losing inserts';
  }

  #onAnswer({ client, isInserting }: Connection, chunk: Buffer): void {
    if (this.#state === 'losing inserts' && isInserting) client.destroy();
    else if (this.#state !== 'silent') this.#afterDelay(() => void (client.destroyed || client.write(chunk)));
  }

  /** Chunks stay in order: a delay that ends lets none overtake those before it within the same millisecond. */
  #afterDelay(run: () => void): void {
    if (this.answerDelayMs === 0) run();
    else setTimeout(run, this.answerDelayMs);
  }
}

function cut({ client, server }: Connection): void {
  client.destroy();
  server?.end();
}
