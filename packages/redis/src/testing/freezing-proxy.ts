import { once } from 'node:events';
import type { AddressInfo, Socket } from 'node:net';
import { connect, createServer } from 'node:net';

/** Proxy before a server that can freeze single connections without closing them. */
export class FreezingProxy {
  readonly url: string;
  /** Open connections in the order of their creation. */
  readonly connections: Socket[] = [];
  readonly #stop: () => void;

  private constructor(port: number, stop: () => void) {
    this.url = `redis://127.0.0.1:${port}`;
    this.#stop = stop;
  }

  static async before(port: number): Promise<FreezingProxy> {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const proxy = new FreezingProxy((server.address() as AddressInfo).port, () => server.close());
    server.on('connection', (client) => {
      const upstream = connect(port, '127.0.0.1');
      client.pipe(upstream).pipe(client);
      proxy.connections.push(client);
      client
        .on('error', () => undefined)
        .on('close', () => {
          upstream.destroy();
          proxy.connections.splice(proxy.connections.indexOf(client), 1);
        });
      upstream.on('error', () => undefined).on('close', () => client.destroy());
    });
    return proxy;
  }

  /** Stops forwarding what this client sends, so that it gets no more replies. */
  freeze(connection: Socket): void {
    connection.unpipe().pause();
  }

  stop(): void {
    this.#stop();
    for (const connection of [...this.connections]) connection.destroy();
  }
}
