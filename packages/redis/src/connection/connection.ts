import type { BackendProbe, CallOptions } from '@quantumtrade/dal-domain';
import { Redis } from 'ioredis';
import { bounded } from './bounded.js';
import type { RedisClient, RedisClients } from './clients.js';
import { commandsOf, connectionsOf, firstOf, isReady, reopenSilent } from './clients.js';
import { bearErrors, eachConnection, gatherWrites, limitHandshake } from '../driver/patches.js';
import { guardReplies } from '../driver/guard-replies.js';
import type { Command, RedisCommands, RunCommand } from '../commands/commands.js';
import { NO_BUDGET } from '../commands/commands.js';
import type { Failure } from './failures.js';
import {
  CLOSED,
  errorOf,
  FailureError,
  failureOf,
  isDatabaseRefusal,
  LOST,
  NO_REPLY,
  UNANSWERED,
} from './failures.js';

/** How long closing waits for replies under way, and then for the connection to end. */
const CLOSING_MS = 1_000;

/**
 * The connection that all ports share, and that of the reads where there is one. The first calls wait for it to open;
 * while it is lost, calls fail at once with why it was lost, and it comes back by itself.
 */
export class Connection implements BackendProbe {
  readonly #clients: RedisClients;
  readonly #commands: RedisCommands;
  readonly #timeoutMs: number;
  readonly #budgetMs: number;
  /** Undefined once it has come to an end. */
  #firstAttempt: Promise<void> | undefined;
  /** The last trouble reported since the connection was up. */
  #trouble: Failure | undefined;
  /** Why there is no connection; undefined while there is one or the first is being opened. */
  #down: Failure | undefined;
  /** Why there never will be one again. */
  #end: Failure | undefined;
  #isLooking = false;
  #closing: Promise<void> | undefined;

  constructor(clients: RedisClients, timeoutMs: number, budgetMs = timeoutMs) {
    const { master, replica } = clients;
    this.#clients = clients;
    this.#commands = commandsOf(clients);
    this.#timeoutMs = timeoutMs;
    this.#budgetMs = budgetMs;
    for (const client of replica ? [master, replica] : [master]) {
      eachConnection(client, bearErrors);
      eachConnection(client, gatherWrites);
      eachConnection(client, limitHandshake);
      eachConnection(client, (each) => guardReplies(each, clients.maxReplyBytes));
    }
    master.on('ready', () => {
      this.#down = this.#trouble = undefined;
    });
    master.on('close', () => {
      this.#down = this.#trouble ?? LOST;
    });
    master.on('error', (error: unknown) => {
      this.#trouble = { ...failureOf(error), kind: 'connection' };
      if (master.status !== 'ready') this.#down = this.#trouble;
      if (isDatabaseRefusal(error)) {
        this.#end = this.#trouble;
        master.disconnect();
      }
    });
    this.#firstAttempt = Promise.all([firstOutcome(master), replica && firstOutcome(replica)]).then(() => {
      this.#firstAttempt = undefined;
    });
  }

  readonly run: RunCommand = (operation, options, command, expected) =>
    bounded(
      operation,
      options,
      this.#timeoutMs,
      (isOver) => {
        const begin = () => this.#begin(command, isOver);
        return this.#firstAttempt ? this.#firstAttempt.then(begin) : begin();
      },
      {
        budgetMs: (expected?.budgets ?? 1) * this.#budgetMs,
        onOverdue: this.#lookForSilence,
        asError: (error) => errorOf(failureOf(error), operation),
        isAnswer: expected?.isAnswer,
        onWrong: this.#onWrong,
      },
    );

  #begin<T>(command: Command<T>, isOver: () => boolean): Promise<T> {
    const obstacle = this.#end ?? (isReady(this.#clients) ? undefined : (this.#down ?? LOST));
    if (obstacle || isOver()) return Promise.reject(new FailureError(obstacle ?? LOST));
    return command(this.#commands, isOver);
  }

  async ping(options?: CallOptions): Promise<void> {
    await this.run('cache.ping', options, (redis) => redis.ping(), NO_BUDGET);
  }

  connectionCount(): number {
    return connectionsOf(this.#clients).filter(({ status }) => status === 'ready').length;
  }

  close(): Promise<void> {
    this.#end = CLOSED;
    return (this.#closing ??= this.#disconnect());
  }

  async #disconnect(): Promise<void> {
    const { master, replica, stopWatching } = this.#clients;
    stopWatching?.();
    await Promise.all([disconnected(master), replica && disconnected(replica)]);
  }

  /** Replies have come to belong to other calls, or it is no Redis. Nobody knows which of a cluster's nodes it was. */
  readonly #onWrong = (): Error => {
    const { master, replica } = this.#clients;
    for (const each of [master, replica]) if (each instanceof Redis) each.disconnect(true);
    return new FailureError(NO_REPLY);
  };

  /** Has connections on which a reply may be overdue looked at, so that calls do not pile up on one that hangs. */
  readonly #lookForSilence = (): void => {
    if (this.#isLooking) return;
    this.#isLooking = true;
    const onSilent = () => {
      this.#trouble = UNANSWERED;
    };
    void reopenSilent(this.#clients, onSilent).then(() => {
      this.#isLooking = false;
    });
  };
}

const firstOutcome = (client: RedisClient) => firstOf(client, ['ready', 'error', 'close', 'end']);

/** Ends a client's connections, with the replies under way if they do not take long. */
export async function disconnected(client: RedisClient): Promise<void> {
  const ended = new Promise<void>((resolve) => client.once('end', () => resolve()));
  if (client.status === 'ready') await withinGrace(client.quit().then(() => ended));
  if (client.status === 'end') return;
  const wasOpen = client.status !== 'reconnecting';
  client.disconnect();
  if (wasOpen) await withinGrace(ended);
}

/** Waits until something is done, but not for long; whether it failed does not matter. */
async function withinGrace(done: Promise<unknown>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise((resolve) => (timer = setTimeout(resolve, CLOSING_MS)));
  await Promise.race([done.catch(() => undefined), late]);
  clearTimeout(timer);
}
