import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:http';
import type { Socket } from 'node:net';
import { listen } from '@quantumtrade/dal-testing';

export type Answer = (response: ServerResponse, request: IncomingMessage) => void | Promise<void>;

/** A server that answers queries as it is told, one answer after the other, the last one for all that follow. */
export class FakeServer {
  /** The queries that came, without those that kill others. */
  readonly queries: string[] = [];
  /** How often a query was to be killed. */
  kills = 0;
  /** Sockets open now. */
  readonly sockets = new Set<Socket>();
  readonly #server = createServer(async (request, response) => {
    const search = new URL(request.url!, 'http://fake').searchParams;
    const query = search.get('query') ?? (await textOf(request));
    // What ClickHouse's own answers begin with; a gateway's do without.
    response.setHeader(QUERY_ID, search.get('query_id')!);
    if (query.includes('KILL QUERY')) {
      this.kills++;
      response.end('[\n\n]\n');
      return;
    }
    this.queries.push(query);
    const answer = this.#answers[Math.min(this.queries.length, this.#answers.length) - 1]!;
    await answer(response, request);
  }).on('connection', (socket: Socket) => {
    this.sockets.add(socket);
    socket.on('close', () => this.sockets.delete(socket));
  });
  readonly #answers: readonly Answer[];
  #port = 0;

  private constructor(answers: readonly Answer[]) {
    this.#answers = answers;
  }

  static async start(...answers: Answer[]): Promise<FakeServer> {
    const fake = new FakeServer(answers);
    fake.#port = await listen(fake.#server);
    return fake;
  }

  get url(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, 'close');
  }
}

export async function textOf(request: IncomingMessage): Promise<string> {
  let text = '';
  for await (const chunk of request.setEncoding('utf8')) text += chunk;
  return text;
}

const QUERY_ID = 'X-ClickHouse-Query-Id';

const arrayOf = (lines: readonly object[]): string =>
  `[\n${lines.map((line) => JSON.stringify(line)).join(',\n')}\n]\n`;

export const rows =
  (...lines: object[]): Answer =>
  (response) => {
    response.end(arrayOf(lines));
  };

/** What something other than ClickHouse says. */
export const page =
  (status: number, body = '<html>We are back soon</html>'): Answer =>
  (response) => {
    response.removeHeader(QUERY_ID);
    response.writeHead(status, { 'Content-Type': 'text/html', Server: 'nginx' });
    response.end(body);
  };

export const refusal =
  (code: number, type: string): Answer =>
  (response) => {
    response.writeHead(500, { 'X-ClickHouse-Exception-Code': String(code) });
    response.end(`Code: ${code}. DB::Exception: No. (${type}) (version 26.7.2.1)`);
  };

/** A row, and then the error that comes after a good beginning. */
export const lateRefusal =
  (code: number, type: string): Answer =>
  (response) => {
    const tag = 'abcdefghijklmnop';
    const message = `Code: ${code}. DB::Exception: No. (${type})\n`;
    response.writeHead(200, { 'X-ClickHouse-Exception-Tag': tag });
    response.write('[\n{"n":1}');
    response.end(`\r\n__exception__\r\n${tag}\r\n${message}${message.length} ${tag}\r\n__exception__\r\n`);
  };

/** A row, and then the end of the connection. */
export const cutOff: Answer = (response) => {
  response.writeHead(200);
  response.write('[\n{"n":1}', () => response.destroy());
};

/** What is written is stored: as many rows as the server counts, none when it does not count. */
export const counted =
  (written?: number, read = written): Answer =>
  (response, request) => {
    request.resume();
    if (written !== undefined) {
      const summary = { read_rows: String(read), written_rows: String(written) };
      response.setHeader('X-ClickHouse-Summary', JSON.stringify(summary));
    }
    response.end();
  };

export const hangUp: Answer = (response) => void response.destroy();

export const silence: Answer = () => undefined;
