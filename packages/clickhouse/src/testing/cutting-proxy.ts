import { once } from 'node:events';
import type { AddressInfo, Socket } from 'node:net';
import { connect, createServer } from 'node:net';

/** Where and how the next connection is to break. */
export interface Cut {
  /** Counted are the bytes of requests, or those of answers. */
  readonly side: 'request' | 'answer';
  /** How many of them, on all connections since the last cut, still go through. */
  readonly after: number;
  /**
   * Whether the client notices at once, or sees what the server says of it. The server always sees a connection that was
   * ended: the embedded engine aborts when it is reset in the middle of a request.
   */
  readonly how: 'reset' | 'end';
}

/** Stands between a client and a server, and cuts connections in the middle. */
export class CuttingProxy {
  readonly #target: URL;
  readonly #server = createServer({ allowHalfOpen: true }, (client) => this.#relay(client));
  readonly #sockets = new Set<Socket>();
  #cuts: Cut[] = [];
  #passed = { request: 0, answer: 0 };

  private constructor(target: string) {
    this.#target = new URL(target);
  }

  static async start(target: string): Promise<CuttingProxy> {
    const proxy = new CuttingProxy(target);
    proxy.#server.listen(0, '127.0.0.1');
    await once(proxy.#server, 'listening');
    return proxy;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** Plans these cuts, one after the other. */
  plan(cuts: readonly Cut[]): void {
    this.#cuts = [...cuts];
    this.#passed = { request: 0, answer: 0 };
  }

  /** How many of the planned cuts are still to come. */
  get planned(): number {
    return this.#cuts.length;
  }

  async stop(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    this.#server.close();
    await once(this.#server, 'close');
  }

  #relay(client: Socket): void {
    const server = connect({
      host: this.#target.hostname,
      port: Number(this.#target.port),
      allowHalfOpen: true,
    });
    for (const socket of [client, server]) {
      this.#sockets.add(socket);
      socket.on('error', () => undefined);
      socket.once('close', () => this.#sockets.delete(socket));
    }
    this.#pass('request', client, server, client);
    this.#pass('answer', server, client, client);
  }

  #pass(side: Cut['side'], from: Socket, to: Socket, client: Socket): void {
    let cutOff = false;
    from.on('data', (chunk: Buffer) => {
      if (cutOff || to.destroyed) return;
      const cut = this.#cuts[0];
      const room = cut?.side === side ? cut.after - this.#passed[side] : Infinity;
      this.#passed[side] += chunk.length;
      if (chunk.length <= room) {
        to.write(chunk);
        return;
      }
      this.#cuts.shift();
      this.#passed = { request: 0, answer: 0 };
      cutOff = true;
      to.end(chunk.subarray(0, room));
      if (cut!.how === 'reset') client.destroy();
    });
    from.on('end', () => to.end());
    from.on('close', () => to.end());
  }
}
