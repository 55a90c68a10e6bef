import { readFileSync } from 'node:fs';
import { createServer as createHttpServer, type RequestListener, type Server as HttpServer } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import { createServer, type Server, type Socket } from 'node:net';
import { certificatePath, listen } from '@quantumtrade/dal-testing';

/** Servers of a test that make calls fail, each on a port of its own. */
export class HostileServers {
  readonly #servers: (HttpServer | Server)[] = [];
  readonly #sockets = new Set<Socket>();

  /** Starts a server that answers HTTP with what it was sent, as errors of ClickHouse and of gateways. */
  echoHttp(): Promise<number> {
    let answers = 0;
    return this.#start(
      createHttpServer(async (request, response) => {
        let body = '';
        for await (const chunk of request.setEncoding('latin1')) body += chunk;
        const login = Buffer.from(String(request.headers.authorization).slice('Basic '.length), 'base64');
        const sent = `${login.toString()} ${request.url} ${JSON.stringify(request.headers)} ${body}`;
        const answer = [
          () => response.writeHead(500, { 'X-ClickHouse-Exception-Code': '27' }),
          () => response.writeHead(403, { 'Content-Type': 'text/html' }),
          () => response.writeHead(500, { 'X-ClickHouse-Exception-Code': '516' }),
          () => response.writeHead(200),
        ][answers++ % 4]!;
        answer();
        response.end(`Code: 27. DB::Exception: Cannot parse ${sent} (CANNOT_PARSE_INPUT_ASSERTION_FAILED)`);
      }),
    );
  }

  /** Starts a server whose certificate no client trusts. */
  untrusted(): Promise<number> {
    const [cert, key] = ['server.pem', 'server-key.pem'].map((name) => readFileSync(certificatePath(name)));
    const answer: RequestListener = (_, response) => response.end();
    return this.#start(createHttpsServer({ cert, key }, answer));
  }

  /** Starts a server that answers every command of Redis with an error that repeats it. */
  echoRedis(): Promise<number> {
    return this.#start(
      createServer((socket) =>
        socket.on('data', (sent) => {
          const count = sent.toString('latin1').match(/^\*\d+\r$/gm)?.length ?? 1;
          const said = sent.toString('latin1').replace(/\s+/g, ' ');
          socket.write(`-WRONGPASS of ${said}\r\n`.repeat(count));
        }),
      ),
    );
  }

  /** Starts a server that answers nothing. */
  silent(): Promise<number> {
    return this.#start(createServer((socket) => socket.resume()));
  }

  stop(): void {
    for (const socket of this.#sockets) socket.destroy();
    for (const server of this.#servers) server.close();
  }

  #start(server: HttpServer | Server): Promise<number> {
    this.#servers.push(server);
    server.on('connection', (socket: Socket) => {
      this.#sockets.add(socket);
      socket.on('error', () => undefined).on('close', () => this.#sockets.delete(socket));
    });
    return listen(server);
  }
}
