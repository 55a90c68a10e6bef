import { Agent, request, type IncomingMessage } from 'node:http';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { sleep } from '@quantumtrade/dal-runtime';

/** A request of a load. */
export interface LoadRequest {
  readonly method: 'GET' | 'POST';
  readonly path: string;
  readonly body?: string;
}

/** How a request ended. */
export type LoadOutcome =
  | { readonly status: number; readonly body: string }
  /** Without an answer; `isNew` where its connection had carried no request before. */
  | { readonly error: string; readonly isNew: boolean };

const TICK_MS = 10;

/** Sends requests over kept connections, as a client library does, without repeating any. */
export class RequestLoad {
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 100 });
  readonly #url: string;
  readonly #token: string;
  readonly #pending = new Set<Promise<void>>();
  #isEnded = false;

  constructor(url: string, token: string) {
    this.#url = url;
    this.#token = token;
  }

  /** Sends requests at a rate until {@link end}, whether or not the answers come. */
  async run(
    perSecond: number,
    next: () => LoadRequest,
    onOutcome: (sent: LoadRequest, outcome: LoadOutcome) => void,
  ) {
    const start = performance.now();
    for (let sent = 0; !this.#isEnded;) {
      const due = ((performance.now() - start) / 1_000) * perSecond;
      for (; sent < due; sent++) {
        const given = next();
        const pending = this.#send(given).then((outcome) => onOutcome(given, outcome));
        this.#pending.add(pending);
        void pending.finally(() => this.#pending.delete(pending));
      }
      await sleep(TICK_MS);
    }
  }

  /** Sends no further request, and resolves when all have ended. */
  async end(): Promise<void> {
    this.#isEnded = true;
    await Promise.all(this.#pending);
    this.#agent.destroy();
  }

  async #send({ method, path, body }: LoadRequest): Promise<LoadOutcome> {
    const headers = { authorization: `Bearer ${this.#token}`, 'content-type': 'application/json' };
    const sent = request(this.#url + path, { method, headers, agent: this.#agent });
    try {
      sent.end(body);
      const [response] = (await once(sent, 'response')) as [IncomingMessage];
      return { status: response.statusCode!, body: await text(response) };
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException;
      return { error: code ?? message, isNew: !sent.reusedSocket };
    }
  }
}
