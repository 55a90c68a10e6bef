import type { BackendProbe, CallOptions } from '@quantumtrade/dal-domain';
import { bounded } from './bounded.js';
import type { RedisClient } from './client.js';
import { commandsOf, openConnections } from './client.js';
import type { RedisCommands, RunCommand } from './commands.js';
import type { Failure } from './failures.js';
import { CLOSED, errorOf, failureOf, isDatabaseRefusal, LOST } from './failures.js';

/** How long closing waits for replies under way, and then for the connection to end. */
const CLOSING_MS = 1_000;

/**
 * The connection that all ports share. The first calls wait for it to open; while it is lost, calls fail at once with
 * why it was lost, and it comes back by itself.
 */
export class Connection implements BackendProbe {
  readonly #client: RedisClient;
  readonly #commands: RedisCommands;
  readonly #timeoutMs: number;
  readonly #firstAttempt: Promise<void>;
  /** The last trouble reported since the connection was up. */
  #trouble: Failure | undefined;
  /** Why there is no connection; undefined while there is one or the first is being opened. */
  #down: Failure | undefined;
  /** Why there never will be one again. */
  #end: Failure | undefined;
  #hungUp = false;
  #closing: Promise<void> | undefined;

  constructor(client: RedisClient, timeoutMs: number) {
    this.#client = client;
    this.#commands = commandsOf(client);
    this.#timeoutMs = timeoutMs;
    client.on('ready', () => {
      this.#down = this.#trouble = undefined;
    });
    client.on('close', () => {
      this.#hungUp = false;
      this.#down = this.#trouble ?? LOST;
    });
    client.on('error', (error: unknown) => {
      this.#trouble = { ...failureOf(error), kind: 'connection' };
      if (isDatabaseRefusal(error)) {
        this.#end = this.#trouble;
        client.disconnect();
      }
    });
    this.#firstAttempt = new Promise((resolve) => {
      for (const outcome of ['ready', 'close', 'end']) client.once(outcome, resolve);
    });
  }

  readonly run: RunCommand = (operation, options, command) => {
    const begin = Date.now();
    const fail = (failure: Failure) => errorOf(failure, operation, Date.now() - begin);
    return bounded(operation, options, this.#timeoutMs, async (isOver) => {
      if (this.#client.status !== 'ready' && !this.#down) await this.#firstAttempt;
      const obstacle = this.#end ?? (this.#client.status === 'ready' ? undefined : (this.#down ?? LOST));
      if (obstacle || isOver()) throw fail(obstacle ?? LOST);
      try {
        return await command(this.#commands);
      } catch (error) {
        const failure = failureOf(error);
        if (failure.kind === 'timeout') this.#hangUp(failure);
        throw fail(failure);
      }
    });
  };

  async ping(options?: CallOptions): Promise<void> {
    await this.run('cache.ping', options, (redis) => redis.ping());
  }

  connectionCount(): number {
    return openConnections(this.#client);
  }

  close(): Promise<void> {
    this.#end = CLOSED;
    return (this.#closing ??= this.#disconnect());
  }

  async #disconnect(): Promise<void> {
    const client = this.#client;
    const ended = new Promise<void>((resolve) => client.once('end', () => resolve()));
    if (client.status === 'ready') await withinGrace(client.quit().then(() => ended));
    if (client.status === 'end') return;
    const wasOpen = client.status !== 'reconnecting';
    client.disconnect();
    if (wasOpen) await withinGrace(ended);
  }

  /** Gives up a connection on which a reply is overdue, so that calls do not pile up on it, and opens another. */
  #hangUp(failure: Failure): void {
    if (this.#hungUp || this.#client.status !== 'ready') return;
    this.#hungUp = true;
    this.#trouble = { ...failure, kind: 'connection' };
    this.#client.disconnect(true);
  }
}

/** Waits until something is done, but not for long; whether it failed does not matter. */
async function withinGrace(done: Promise<unknown>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise((resolve) => (timer = setTimeout(resolve, CLOSING_MS)));
  await Promise.race([done.catch(() => undefined), late]);
  clearTimeout(timer);
}
