import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

export type Answer = (response: ServerResponse, request: IncomingMessage) => void | Promise<void>;

/** A server that answers queries as it is told, one answer after the other, the last one for all that follow. */
export class FakeServer {
  /** The queries that came, without those that kill others. */
  readonly queries: string[] = [];
  readonly #server = createServer(async (request, response) => {
    const query = new URL(request.url!, 'http://fake').searchParams.get('query') ?? (await textOf(request));
    if (query.startsWith('KILL')) {
      response.end();
      return;
    }
    this.queries.push(query);
    const answer = this.#answers[Math.min(this.queries.length, this.#answers.length) - 1]!;
    await answer(response, request);
  });
  readonly #answers: readonly Answer[];

  private constructor(answers: readonly Answer[]) {
    this.#answers = answers;
  }

  static async start(...answers: Answer[]): Promise<FakeServer> {
    const fake = new FakeServer(answers);
    fake.#server.listen(0, '127.0.0.1');
    await once(fake.#server, 'listening');
    return fake;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
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

export const rows =
  (...lines: object[]): Answer =>
  (response) => {
    response.end(lines.map((line) => `${JSON.stringify(line)}\n`).join(''));
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
    response.write('{"n":1}\n');
    response.end(`\r\n__exception__\r\n${tag}\r\n${message}${message.length} ${tag}\r\n__exception__\r\n`);
  };

/** A row, and then the end of the connection. */
export const cutOff: Answer = (response) => {
  response.writeHead(200);
  response.write('{"n":1}\n', () => response.destroy());
};

/** What is written is stored. */
export const stored: Answer = (response) => void response.end();

export const hangUp: Answer = (response) => void response.destroy();

export const silence: Answer = () => undefined;
