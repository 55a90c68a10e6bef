import { once } from 'node:events';
import type { AddressInfo, Socket } from 'node:net';
import { createServer } from 'node:net';

interface Address {
  readonly host: string;
  readonly port: number;
}

/** Sentinel whose answers a test controls. */
export class ScriptedSentinel {
  readonly address: Address;
  /** Clients with an open request for the master. */
  readonly asking: Socket[] = [];
  /** Clients with an open request for the replicas. */
  readonly askingForReplicas: Socket[] = [];
  /** Clients subscribed to master switches. */
  readonly subscribers: Socket[] = [];
  readonly #sockets = new Set<Socket>();
  readonly #close: () => void;

  private constructor(port: number, close: () => void) {
    this.address = { host: '127.0.0.1', port };
    this.#close = close;
  }

  static async start(): Promise<ScriptedSentinel> {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const sentinel = new ScriptedSentinel((server.address() as AddressInfo).port, () => server.close());
    server.on('connection', (socket) => sentinel.#serve(socket));
    return sentinel;
  }

  /** Answers the open requests for the master. */
  answer({ host, port }: Address): void {
    for (const socket of this.asking.splice(0))
      socket.write(`*2\r\n$${host.length}\r\n${host}\r\n$${`${port}`.length}\r\n${port}\r\n`);
  }

  /** Answers the open requests for the replicas with one replica. */
  answerReplica({ host, port }: Address): void {
    const fields = ['ip', host, 'port', `${port}`, 'flags', 'slave'];
    const texts = fields.map((field) => `$${field.length}\r\n${field}\r\n`).join('');
    for (const socket of this.askingForReplicas.splice(0)) socket.write(`*1\r\n*6\r\n${texts}`);
  }

  /** Announces another master to the subscribers. */
  announce(name: string, { host, port }: Address): void {
    const message = `${name} 127.0.0.1 9 ${host} ${port}`;
    for (const socket of this.subscribers)
      socket.write(`*3\r\n$7\r\nmessage\r\n$14\r\n+switch-master\r\n$${message.length}\r\n${message}\r\n`);
  }

  stop(): void {
    for (const socket of this.#sockets) socket.destroy();
    this.#close();
  }

  #serve(socket: Socket): void {
    this.#sockets.add(socket);
    socket.on('error', () => undefined);
    socket.on('data', (chunk) => {
      for (const command of chunk.toString().split(/^(?=\*\d)/m)) {
        if (/get-master-addr/i.test(command)) this.asking.push(socket);
        else if (/slaves/i.test(command)) this.askingForReplicas.push(socket);
        else if (/subscribe/i.test(command)) {
          socket.write('*3\r\n$9\r\nsubscribe\r\n$14\r\n+switch-master\r\n:1\r\n');
          this.subscribers.push(socket);
        } else socket.write('+OK\r\n');
      }
    });
  }
}
