import { EventEmitter, once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer, request as send } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';

/** Where requests go. */
export interface Target {
  readonly url: string;
  readonly username: string;
  readonly password: string;
}

/** They are about one connection, of which there is another on either side of the relay. */
const OF_A_CONNECTION = new Set(['connection', 'keep-alive', 'transfer-encoding', 'content-length', 'host']);

/**
 * The server's unchanging address, whatever process is behind it. A request goes on when it is whole, also when its sender
 * is gone by then, and so does an answer: the server never sees a request that is broken off, on which the embedded engine
 * aborts. Clients whose request or answer does not come through find their connection reset.
 */
export class Relay {
  target: Target | undefined;
  /** Whether nothing reaches the server, though it runs. */
  isOutage = false;
  /** Asked of each insert whether its answer is to be lost on the way, after the server has given it. */
  losesAnswer: () => boolean = () => false;
  /** Asked of each insert, by its bytes, whether a gateway answers it in place of the server, and with which status. */
  answersItself: (byteLength: number) => number | undefined = () => undefined;
  readonly #server = createServer((request, response) => this.#take(request, response));
  readonly #events = new EventEmitter();
  readonly #underWay = new Set<Promise<void>>();
  #flowing: Promise<void> = Promise.resolve();
  #resume: () => void = () => undefined;

  static async start(): Promise<Relay> {
    const relay = new Relay();
    relay.#server.listen(0, '127.0.0.1');
    await once(relay.#server, 'listening');
    return relay;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** Resolves when the next insert has been handed to the server, which has not answered it yet. */
  async nextInsert(): Promise<void> {
    await once(this.#events, 'insert');
  }

  /** Loses the answer of the next insert; resolves when that has happened. */
  async loseAnswer(): Promise<void> {
    const before = this.losesAnswer;
    await new Promise<void>((resolve) => {
      this.losesAnswer = () => {
        this.losesAnswer = before;
        resolve();
        return true;
      };
    });
  }

  /** From here on nothing goes on in either direction, and no connection ends. */
  stall(): void {
    this.#flowing = new Promise((resolve) => (this.#resume = resolve));
  }

  /** All that was held goes on. */
  resume(): void {
    this.#resume();
  }

  /** Resolves when nothing is on its way. */
  async idle(): Promise<void> {
    while (this.#underWay.size > 0) await Promise.all(this.#underWay);
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, 'close');
  }

  #take(request: IncomingMessage, response: ServerResponse): void {
    const underWay = this.#relay(request, response).catch(() => void response.destroy());
    this.#underWay.add(underWay);
    void underWay.then(() => this.#underWay.delete(underWay));
  }

  async #relay(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await buffer(request);
    await this.#flowing;
    const isInsert = new URL(request.url!, this.url).searchParams.get('query')?.startsWith('INSERT') ?? false;
    const status = isInsert ? this.answersItself(body.length) : undefined;
    if (status !== undefined) {
      response.writeHead(status, { 'content-type': 'text/html' }).end('<html>We are back soon</html>');
      return;
    }
    const answer = await this.#forward(request, body, isInsert);
    const content = await buffer(answer);
    await this.#flowing;
    if (isInsert && this.losesAnswer()) throw new Error('the answer is lost');
    response.writeHead(answer.statusCode!, passedOn(answer)).end(content);
  }

  async #forward(request: IncomingMessage, body: Buffer, isInsert: boolean): Promise<IncomingMessage> {
    if (!this.target || this.isOutage) throw new Error('the server is not reached');
    const { url, username, password } = this.target;
    const authorization = `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
    const forwarded = send(new URL(request.url!, url), {
      agent: false,
      method: request.method,
      headers: { ...passedOn(request), authorization, 'content-length': body.length },
    });
    forwarded.end(body, () => isInsert && this.#events.emit('insert'));
    const [answer] = (await once(forwarded, 'response')) as [IncomingMessage];
    return answer;
  }
}

function passedOn({ headers }: IncomingMessage): IncomingMessage['headers'] {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !OF_A_CONNECTION.has(name)));
}
