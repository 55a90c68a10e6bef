import { once } from 'node:events';
import type { IncomingMessage, OutgoingHttpHeaders, ServerResponse } from 'node:http';
import { createServer } from 'node:http';
import type { Socket } from 'node:net';
import { gzipSync } from 'node:zlib';
import { listen } from '@quantumtrade/dal-testing';

/** Answers one request. */
export type FakeAnswer = (response: ServerResponse, request: IncomingMessage) => void | Promise<void>;

/** HTTP server that gives one answer after the other, the last one to all further queries. */
export class FakeServer {
  /** Received queries, kills apart. */
  readonly queries: string[] = [];
  /** Number of received kills. */
  kills = 0;
  /** Whether requests stay without an answer, as those of a stopped process do. */
  hangs = false;
  /** Open sockets. */
  readonly sockets = new Set<Socket>();
  readonly #server = createServer(async (request, response) => {
    const search = new URL(request.url!, 'http://fake').searchParams;
    const query = search.get('query') ?? (await textOf(request));
    // ClickHouse's answers have it, unlike those of a gateway.
    response.setHeader(QUERY_ID, search.get('query_id')!);
    if (this.hangs) return;
    if (query.includes('KILL QUERY')) {
      this.kills++;
      response.end();
      return;
    }
    this.queries.push(query);
    const answer = this.#answers.length > 1 ? this.#answers.shift()! : this.#answers[0]!;
    await answer(response, request);
  }).on('connection', (socket: Socket) => {
    this.sockets.add(socket);
    socket.on('close', () => this.sockets.delete(socket));
  });
  #answers: FakeAnswer[];
  #port = 0;

  private constructor(answers: FakeAnswer[]) {
    this.#answers = answers;
  }

  static async start(...answers: FakeAnswer[]): Promise<FakeServer> {
    const fake = new FakeServer(answers);
    fake.#port = await listen(fake.#server);
    return fake;
  }

  get url(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  /** Gives these answers from now on. */
  answer(...answers: FakeAnswer[]): void {
    this.#answers = answers;
  }

  /** Refuses connections, until {@link restart}. */
  async stop(): Promise<void> {
    if (!this.#server.listening) return;
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, 'close');
  }

  async restart(): Promise<void> {
    this.#server.listen(this.#port, '127.0.0.1');
    await once(this.#server, 'listening');
  }
}

export async function textOf(request: IncomingMessage): Promise<string> {
  let text = '';
  for await (const chunk of request.setEncoding('utf8')) text += chunk;
  return text;
}

const QUERY_ID = 'X-ClickHouse-Query-Id';

const text = (value: string): Buffer => Buffer.concat([Buffer.of(value.length), Buffer.from(value)]);

/** Returns rows in Native format, their columns numbers up to 255 or short texts. */
export const nativeBlock = (...lines: Readonly<Record<string, number | string>>[]): Buffer =>
  Buffer.concat([
    Buffer.of(Object.keys(lines[0]!).length, lines.length),
    ...Object.entries(lines[0]!).flatMap(([name, value]) => [
      text(name),
      text(typeof value === 'number' ? 'UInt8' : 'String'),
      ...lines.map((line) =>
        typeof value === 'number' ? Buffer.of(line[name] as number) : text(line[name] as string),
      ),
    ]),
  ]);

/** Answers with rows, as gzip whose blocks are stored. */
export const rows =
  (...lines: Readonly<Record<string, number | string>>[]): FakeAnswer =>
  (response) => {
    response.setHeader('Content-Encoding', 'gzip');
    response.end(gzipSync(nativeBlock(...lines), { level: 0 }));
  };

/** Answers as a gateway does. */
export const page =
  (status: number, body = '<html>We are back soon</html>', headers: OutgoingHttpHeaders = {}): FakeAnswer =>
  (response) => {
    response.removeHeader(QUERY_ID);
    response.writeHead(status, { 'Content-Type': 'text/html', Server: 'nginx', ...headers });
    response.end(body);
  };

export const refusal =
  (code: number, type: string, message = 'No.'): FakeAnswer =>
  (response) => {
    response.writeHead(500, { 'X-ClickHouse-Exception-Code': String(code) });
    response.end(`Code: ${code}. DB::Exception: ${message} (${type}) (version 26.7.2.1)`);
  };

/** Answers with a row, and with an error behind it. */
export const lateRefusal =
  (code: number, type: string): FakeAnswer =>
  (response) => {
    const tag = 'abcdefghijklmnop';
    const message = `Code: ${code}. DB::Exception: No. (${type})\n`;
    response.writeHead(200, { 'X-ClickHouse-Exception-Tag': tag });
    response.write(nativeBlock({ n: 1 }));
    response.end(`\r\n__exception__\r\n${tag}\r\n${message}${message.length} ${tag}\r\n__exception__\r\n`);
  };

/** Answers with a row, and closes the connection behind it. */
export const cutOff: FakeAnswer = (response) => {
  response.writeHead(200);
  response.write(nativeBlock({ n: 1 }), () => response.destroy());
};

/** Acknowledges an insert with these counts; without counts when none is given. */
export const counted =
  (written?: number, read = written): FakeAnswer =>
  (response, request) => {
    request.resume();
    if (written !== undefined) {
      const summary = { read_rows: String(read), written_rows: String(written) };
      response.setHeader('X-ClickHouse-Summary', JSON.stringify(summary));
    }
    response.end();
  };

export const hangUp: FakeAnswer = (response) => void response.destroy();

export const silence: FakeAnswer = () => undefined;
