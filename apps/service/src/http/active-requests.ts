import type { ServerResponse } from 'node:http';
import { RefusedRequest } from './refused-request.js';

const RETRY_AFTER_MS = 1_000;

/** Requests under way. Bounds their number, and ends each when its client leaves. */
export class ActiveRequests {
  readonly #controllers = new Set<AbortController>();
  readonly #max: number;
  #onIdle: (() => void)[] = [];

  constructor(max: number) {
    this.#max = max;
  }

  get count(): number {
    return this.#controllers.size;
  }

  /**
   * Counts a request until its response is sent or its client has left. The signal is aborted in the latter case.
   * @throws RefusedRequest when there are too many
   */
  begin(response: ServerResponse): AbortSignal {
    if (this.#controllers.size >= this.#max) {
      throw new RefusedRequest('OVERLOADED', 'too many requests are being served', RETRY_AFTER_MS);
    }
    const controller = new AbortController();
    this.#controllers.add(controller);
    response.once('finish', () => this.#end(controller));
    response.once('close', () => {
      if (!response.writableFinished)
        controller.abort(new RefusedRequest('CLIENT_LEFT', 'the client has left'));
      this.#end(controller);
    });
    return controller.signal;
  }

  /** Aborts all requests under way. */
  abort(reason: Error): void {
    for (const controller of this.#controllers) controller.abort(reason);
  }

  /** Resolves when no request is under way. */
  async idle(): Promise<void> {
    if (this.#controllers.size > 0) await new Promise<void>((resolve) => this.#onIdle.push(resolve));
  }

  #end(controller: AbortController): void {
    if (!this.#controllers.delete(controller) || this.#controllers.size > 0) return;
    for (const resolve of this.#onIdle) resolve();
    this.#onIdle = [];
  }
}
