import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer, request as send } from 'node:http';
import { listen, stop, urlOf } from './local-server.js';

/** Stands before a server, as a gateway or as a profile of its user would. */
export class Gateway {
  /**
   * Settings of the user's profile as a query string, e.g. `limit=5&offset=1`: they go before those of each request, which
   * therefore win.
   */
  profile = '';
  /** A request with more bytes is answered with 413 and a page. */
  maxBodyBytes = Infinity;
  /** How many were. */
  refused = 0;
  /** Inserts that were passed on. */
  inserts = 0;
  readonly #target: URL;
  readonly #server = createServer(
    (request, response) => void this.#pass(request, response).catch(() => response.destroy()),
  );

  private constructor(target: string) {
    this.#target = new URL(target);
  }

  static async start(target: string): Promise<Gateway> {
    const relay = new Gateway(target);
    await listen(relay.#server);
    return relay;
  }

  get url(): string {
    return urlOf(this.#server);
  }

  async stop(): Promise<void> {
    await stop(this.#server);
  }

  async #pass(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const body = Buffer.concat(chunks);
    if (body.length > this.maxBodyBytes) {
      this.refused++;
      response.writeHead(413, { 'Content-Type': 'text/html' });
      response.end('<html>Request Entity Too Large</html>');
      return;
    }
    if (request.url!.includes('query=INSERT')) this.inserts++;
    const { hostname, port } = this.#target;
    const path = request.url!.replace('?', `?${this.profile}&`);
    const { 'transfer-encoding': _, ...headers } = request.headers;
    const options = { hostname, port, path, method: request.method };
    const passed = send({ ...options, headers: { ...headers, 'content-length': body.length } }, (answer) => {
      response.writeHead(answer.statusCode!, answer.headers);
      answer.pipe(response);
      answer.on('error', () => response.destroy());
    });
    passed.on('error', () => response.destroy());
    passed.end(body);
  }
}
