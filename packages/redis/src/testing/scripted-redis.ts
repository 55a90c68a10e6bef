import { once } from 'node:events';
import type { AddressInfo, Server, Socket } from 'node:net';
import { createServer } from 'node:net';

/** Returns the bytes of the reply to a command, '' for none and undefined for the usual reply, or uses the connection itself. */
export type ReplyHandler = (command: readonly string[], socket: Socket) => string | undefined;

const INFO = 'redis_version:7.0.0\r\nloading:0\r\n';
const bulk = (text: string) => `$${text.length}\r\n${text}\r\n`;

/** Server that answers like Redis until its clients are ready, and then as a test defines. */
export class ScriptedRedis {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  /** Number of connections so far. */
  connections = 0;
  reply: ReplyHandler = () => undefined;

  private constructor(server: Server) {
    this.#server = server;
    server.on('connection', (socket) => this.#serve(socket));
  }

  static async start(): Promise<ScriptedRedis> {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    return new ScriptedRedis(server);
  }

  get url(): string {
    return `redis://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  stop(): void {
    for (const socket of this.#sockets) socket.destroy();
    this.#server.close();
  }

  #serve(socket: Socket): void {
    this.connections++;
    this.#sockets.add(socket);
    socket.on('error', () => undefined).on('close', () => this.#sockets.delete(socket));
    let received = '';
    socket.setEncoding('latin1').on('data', (text: string) => {
      received += text;
      for (;;) {
        const [command, length] = parseCommand(received);
        if (command === undefined) return;
        received = received.slice(length);
        const reply = this.reply(command, socket) ?? usualReply(command);
        if (reply !== '' && socket.writable) socket.write(reply, 'latin1');
        if (command[0]?.toLowerCase() === 'quit') socket.end();
      }
    });
  }
}

/** Parses the first command of a text and returns its length; undefined while it is incomplete. */
function parseCommand(received: string): [command: string[] | undefined, length: number] {
  const head = /^\*(\d+)\r\n/.exec(received);
  if (!head) return [undefined, 0];
  const words: string[] = [];
  let at = head[0].length;
  for (let i = 0; i < Number(head[1]); i++) {
    const size = /^\$(\d+)\r\n/.exec(received.slice(at, at + 32));
    if (!size) return [undefined, 0];
    const from = at + size[0].length;
    at = from + Number(size[1]) + 2;
    if (at > received.length) return [undefined, 0];
    words.push(received.slice(from, at - 2));
  }
  return [words, at];
}

function usualReply([name = '', ...args]: readonly string[]): string {
  switch (name.toLowerCase()) {
    case 'info':
      return bulk(INFO);
    case 'ping':
      return '+PONG\r\n';
    case 'client':
      return args[0]?.toLowerCase() === 'id' ? ':1\r\n' : '+OK\r\n';
    case 'subscribe':
      return args.map((channel, i) => `*3\r\n$9\r\nsubscribe\r\n${bulk(channel)}:${i + 1}\r\n`).join('');
    case 'get':
      return bulk('"right"');
    default:
      return '+OK\r\n';
  }
}
