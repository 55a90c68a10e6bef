import { once } from 'node:events';
import type { AddressInfo, Socket } from 'node:net';
import { createServer } from 'node:net';

/** Server that accepts connections and answers nothing. */
export class SilentServer {
  readonly url: string;
  readonly connections = new Set<Socket>();
  readonly #close: () => void;

  private constructor(port: number, close: () => void) {
    this.url = `redis://127.0.0.1:${port}`;
    this.#close = close;
  }

  static async start(): Promise<SilentServer> {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const silent = new SilentServer((server.address() as AddressInfo).port, () => server.close());
    server.on('connection', (socket) => {
      silent.connections.add(socket);
      socket.resume();
      socket.on('error', () => undefined).on('close', () => silent.connections.delete(socket));
    });
    return silent;
  }

  stop(): void {
    for (const socket of this.connections) socket.destroy();
    this.#close();
  }
}
