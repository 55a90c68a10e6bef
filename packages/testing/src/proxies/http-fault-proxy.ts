import { EventEmitter, once } from 'node:events';
import { createServer, request as send, type IncomingMessage, type ServerResponse } from 'node:http';
import { buffer } from 'node:stream/consumers';
import { listen } from '../listen.js';

/** The ClickHouse server behind a proxy. */
export interface HttpTarget {
  readonly url: string;
  /** Credentials that replace those of the requests. */
  readonly username?: string;
  readonly password?: string;
}

/** Headers of one connection, which are not forwarded to the other. */
const CONNECTION_HEADERS = new Set([
  'connection',
  'keep-alive',
  'transfer-encoding',
  'content-length',
  'host',
]);

/**
 * HTTP proxy in front of a ClickHouse server that injects faults. A request is forwarded when it has arrived whole, even if its
 * sender has left by then, and so is an answer: the server never sees a request that breaks off, on which the embedded engine
 * aborts. A client whose request or answer is lost sees its connection reset.
 */
export class HttpFaultProxy {
  target: HttpTarget | undefined;
  /** Whether requests are lost before the server. */
  isOutage = false;
  /** Settings as a query string that precede those of each request, as a user's profile does. */
  profile = '';
  /** Returns whether an insert's answer is lost after the server has given it. */
  losesAnswer: () => boolean = () => false;
  /** Returns whether a statement is neither forwarded nor answered until the proxy stops. */
  isIgnored: (statement: string) => boolean = () => false;
  /** Returns the status with which a gateway answers an insert of this size instead of the server, if any. */
  gatewayStatus: (bodyBytes: number) => number | undefined = () => undefined;
  #insertCount = 0;
  #port = 0;
  readonly #server = createServer((request, response) => this.#accept(request, response));
  readonly #events = new EventEmitter();
  readonly #pending = new Set<Promise<void>>();
  #stalled: Promise<void> = Promise.resolve();
  #resume: () => void = () => undefined;

  static async start(target?: HttpTarget): Promise<HttpFaultProxy> {
    const proxy = new HttpFaultProxy();
    proxy.target = target;
    proxy.#port = await listen(proxy.#server);
    return proxy;
  }

  get url(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  /** Number of inserts forwarded to the server. */
  get insertCount(): number {
    return this.#insertCount;
  }

  /** Resolves when the next insert has been sent to the server, before it is answered. */
  async nextInsert(): Promise<void> {
    await once(this.#events, 'insert');
  }

  /** Loses the answer of the next insert. Resolves when that has happened. */
  async loseNextAnswer(): Promise<void> {
    const before = this.losesAnswer;
    await new Promise<void>((resolve) => {
      this.losesAnswer = () => {
        this.losesAnswer = before;
        resolve();
        return true;
      };
    });
  }

  /** Holds up everything in both directions. Connections stay open. */
  stall(): void {
    this.#stalled = new Promise((resolve) => (this.#resume = resolve));
  }

  /** Forwards everything that was held up. */
  resume(): void {
    this.#resume();
  }

  /** Forwards and answers everything again, also what was held up. */
  endFaults(): void {
    this.isOutage = false;
    this.losesAnswer = () => false;
    this.isIgnored = () => false;
    this.gatewayStatus = () => undefined;
    this.resume();
  }

  /** Resolves when no request is in progress. */
  async idle(): Promise<void> {
    while (this.#pending.size > 0) await Promise.all(this.#pending);
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, 'close');
  }

  #accept(request: IncomingMessage, response: ServerResponse): void {
    const exchange = this.#exchange(request, response).catch(() => void response.destroy());
    this.#pending.add(exchange);
    void exchange.then(() => this.#pending.delete(exchange));
  }

  async #exchange(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await buffer(request);
    await this.#stalled;
    const statement = new URL(request.url!, this.url).searchParams.get('query');
    if (this.isIgnored(statement ?? body.toString())) return;
    const isInsert = statement?.startsWith('INSERT') ?? false;
    const status = isInsert ? this.gatewayStatus(body.length) : undefined;
    if (status !== undefined) {
      response.writeHead(status, { 'content-type': 'text/html' }).end('<html>We are back soon</html>');
      return;
    }
    const answer = await this.#forward(request, body, isInsert);
    const content = await buffer(answer);
    await this.#stalled;
    if (isInsert && this.losesAnswer()) throw new Error('the answer is lost');
    response.writeHead(answer.statusCode!, endToEndHeaders(answer)).end(content);
  }

  async #forward(request: IncomingMessage, body: Buffer, isInsert: boolean): Promise<IncomingMessage> {
    if (!this.target || this.isOutage) throw new Error('the server is unreachable');
    const { url, username, password } = this.target;
    const authorization =
      username !== undefined && `Basic ${Buffer.from(`${username}:${password ?? ''}`).toString('base64')}`;
    const path = this.profile ? request.url!.replace('?', `?${this.profile}&`) : request.url!;
    const forwarded = send(new URL(path, url), {
      agent: false,
      method: request.method,
      headers: {
        ...endToEndHeaders(request),
        ...(authorization && { authorization }),
        'content-length': body.length,
      },
    });
    if (isInsert) this.#insertCount++;
    forwarded.end(body, () => isInsert && this.#events.emit('insert'));
    const [answer] = (await once(forwarded, 'response')) as [IncomingMessage];
    return answer;
  }
}

const endToEndHeaders = ({ headers }: IncomingMessage): IncomingMessage['headers'] =>
  Object.fromEntries(Object.entries(headers).filter(([name]) => !CONNECTION_HEADERS.has(name)));
