import type { BackendProbe, CallOptions } from '@quantumtrade/dal-domain';
import type { Cancel, Secret, TimeSource } from '@quantumtrade/dal-runtime';
import {
  CircuitBreaker,
  promiseTry,
  systemClock,
  type BreakerPermit,
  type BreakerState,
  type CallOutcome,
} from '@quantumtrade/dal-runtime';
import { debugChannel } from '@quantumtrade/dal-telemetry';
import { Redis } from 'ioredis';
import { createCommands } from '../commands/create-commands.js';
import type { Command, RedisCommands, RunCommand } from '../commands/redis-commands.js';
import { UNLIMITED_BUDGET } from '../commands/replies.js';
import {
  classifyFailure,
  CLIENT_CLOSED,
  CONNECTION_LOST,
  FailureError,
  isDatabaseRefusal,
  CALLS_SUSPENDED,
  SERVER_UNRESPONSIVE,
  toDatabaseError,
  UNEXPECTED_REPLY,
  type RedisFailure,
} from '../failures.js';
import { closeClient, firstAttempt, reconnectUnresponsive } from './lifecycle.js';
import { limitCall } from './limit-call.js';
import { logInAgain, type Login } from './login.js';
import { PendingCalls, type PendingLimits } from './pending-calls.js';
import { connectionsOf, isReady, type RedisClients } from './redis-client.js';

const debug = debugChannel('redis.connection');

/** Shortest time between reconnections because the server accepts no writes (milliseconds). */
const RECONNECT_INTERVAL_MS = 1_000;

/** The time is short, because in a cluster the breaker also suspends calls to the nodes that answer. */
const BREAKER_OPTIONS = { openMs: 500, maxOpenMs: 500 };

export interface ConnectionOptions extends Partial<PendingLimits> {
  /** Longest duration of any call, whatever its own deadline (milliseconds). */
  readonly commandTimeoutMs: number;
  /** Duration of a call without a deadline. @default commandTimeoutMs (milliseconds) */
  readonly budgetMs?: number;
  /** Host and port that errors name. @default none */
  readonly endpoint?: string | undefined;
  /** Login of the servers. @default none */
  readonly login?: Login;
  /** @default none */
  readonly sentinelPassword?: Secret | undefined;
  /** @default the system's */
  readonly time?: TimeSource;
}

/**
 * Runs the calls of all ports on shared clients. The first calls wait for the first connection; while the connection is lost,
 * calls fail immediately with the reason, and the client reconnects by itself.
 */
export class Connection implements Pick<BackendProbe, 'ping' | 'connectionCount' | 'close'> {
  readonly #clients: RedisClients;
  readonly #commands: RedisCommands;
  readonly #options: Required<Pick<ConnectionOptions, 'commandTimeoutMs' | 'budgetMs' | 'time'>> &
    Pick<ConnectionOptions, 'endpoint'>;
  readonly #pending: PendingCalls;
  /** Suspends calls while the servers do not answer in time. */
  #breaker: CircuitBreaker;
  /** The first attempt to connect, or the renewal of a refused login: calls wait for it. Undefined once it has settled. */
  #opening: Promise<void> | undefined;
  readonly #passwords: readonly Secret[];
  readonly #stopWatching: readonly Cancel[];
  /** Aborts when the connection closes. */
  readonly #closed = new AbortController();
  /** The last error since the connection was ready. */
  #lastFailure: RedisFailure | undefined;
  /** Why there is no connection; undefined while there is one or the first is opening. */
  #disconnected: RedisFailure | undefined;
  /** Why there will be no connection any more. */
  #terminated: RedisFailure | undefined;
  #isProbing = false;
  /** Texts of the passwords when the latest attempt to connect was refused for its login; undefined when it was not. */
  #refused: readonly string[] | undefined;
  #isRenewing = false;
  /** When the connection was last ended because the server accepted no writes. */
  #reconnectedAt = -Infinity;
  #closing: Promise<void> | undefined;

  constructor(clients: RedisClients, options: ConnectionOptions) {
    const { master, replica } = clients;
    this.#clients = clients;
    this.#commands = createCommands(clients);
    const { commandTimeoutMs: budgetMs, login = {}, sentinelPassword } = options;
    this.#options = { budgetMs, time: systemClock, ...options };
    this.#pending = new PendingCalls({ maxPendingCalls: Infinity, maxPendingBytes: Infinity, ...options });
    this.#breaker = this.#createBreaker();
    master.on('ready', () => {
      this.#disconnected = this.#lastFailure = undefined;
      this.#refused = undefined;
      this.#breaker = this.#createBreaker();
      this.#debug('connected');
    });
    master.on('close', () => {
      this.#disconnected = this.#lastFailure ?? CONNECTION_LOST;
      this.#debug('disconnected', this.#disconnected);
    });
    master.on('error', (error: unknown) => {
      this.#lastFailure = { ...classifyFailure(error), kind: 'connection' };
      if (master.status !== 'ready') this.#disconnected = this.#lastFailure;
      if (isDatabaseRefusal(error)) {
        this.#terminated = this.#lastFailure;
        master.disconnect();
      }
      this.#renewRefused(this.#lastFailure);
    });
    // Connections to nodes of a cluster fail by themselves.
    master.on('node error', (error: unknown) => this.#renewRefused(classifyFailure(error)));
    this.#waitFor(Promise.all([firstAttempt(master), replica && firstAttempt(replica)]));
    this.#passwords = [login.password, sentinelPassword].filter((password) => password !== undefined);
    this.#stopWatching = this.#passwords.map((password) =>
      password.watch(() => {
        if (password !== login.password) return;
        const open = connectionsOf(clients).filter(({ status }) => status === 'ready');
        for (const connection of open) void logInAgain(connection, login);
      }),
    );
  }

  readonly run: RunCommand = (operation, options, command, { isReply, budgets = 1, bytes = 0 } = {}) => {
    const { commandTimeoutMs, endpoint } = this.#options;
    const budgetMs = budgets * this.#options.budgetMs;
    let permit: BreakerPermit | undefined;
    const report = (outcome: CallOutcome) => {
      permit?.report(outcome);
      permit = undefined;
    };
    return limitCall(
      operation,
      options,
      {
        timeoutMs: commandTimeoutMs,
        budgetMs,
        endpoint,
        // A call that was left early proves nothing.
        onLeave: (elapsedMs) => report(elapsedMs < budgetMs / 2 ? 'ignored' : 'overloaded'),
        onOverdue: this.#probeServers,
      },
      (isOver) => {
        // The probe and subscriptions have no budget, and find out whether the servers answer again.
        if (budgets !== Infinity) permit = this.#enterBreaker(operation);
        const obstacle = this.#pending.enter(bytes);
        if (obstacle) {
          report('ignored');
          throw toDatabaseError(obstacle, operation, endpoint);
        }
        return this.#sendOnceOpen(command, isOver).then(
          (reply) => {
            this.#pending.leave(bytes);
            report('success');
            if (isReply && !isReply(reply)) throw this.#onUnexpectedReply(operation);
            return reply;
          },
          (error: unknown) => {
            this.#pending.leave(bytes);
            const failure = classifyFailure(error);
            report(failure.kind === 'connection' ? 'ignored' : 'success');
            if (failure.reconnects) this.#reconnectMaster();
            throw toDatabaseError(failure, operation, endpoint);
          },
        );
      },
    );
  };

  async ping(options?: CallOptions): Promise<void> {
    await this.run('cache.ping', options, (redis) => redis.ping(), UNLIMITED_BUDGET);
  }

  connectionCount(): number {
    return connectionsOf(this.#clients).filter(({ status }) => status === 'ready').length;
  }

  /** State of the breaker that suspends calls while the servers do not answer in time. */
  get breakerState(): BreakerState {
    return this.#breaker.state;
  }

  close(): Promise<void> {
    this.#terminated = CLIENT_CLOSED;
    return (this.#closing ??= this.#closeClients());
  }

  #createBreaker(): CircuitBreaker {
    return new CircuitBreaker(this.#options.time, BREAKER_OPTIONS);
  }

  #enterBreaker(operation: string): BreakerPermit {
    const permit = this.#breaker.tryEnter();
    if (permit) return permit;
    this.#debug('call suspended', CALLS_SUSPENDED);
    const failure = { ...CALLS_SUSPENDED, retryAfterMs: this.#breaker.retryAfterMs };
    throw toDatabaseError(failure, operation, this.#options.endpoint);
  }

  /** Sends a command when there is nothing to wait for. */
  #sendOnceOpen<T>(command: Command<T>, isOver: () => boolean): Promise<T> {
    if (this.#opening) return this.#opening.then(() => this.#sendOnceOpen(command, isOver));
    return promiseTry(() => this.#send(command, isOver));
  }

  #debug(message: string, failure?: RedisFailure): void {
    if (debug.hasSubscribers)
      debug.publish({ message, endpoint: this.#options.endpoint, reason: failure?.reason });
  }

  #send<T>(command: Command<T>, isOver: () => boolean): Promise<T> {
    const obstacle =
      this.#terminated ?? (isReady(this.#clients) ? undefined : (this.#disconnected ?? CONNECTION_LOST));
    if (obstacle || isOver()) throw new FailureError(obstacle ?? CONNECTION_LOST);
    return command(this.#commands, isOver);
  }

  /** Has calls wait for some work, which never rejects. */
  #waitFor(work: Promise<unknown>): void {
    const opening: Promise<void> = work.then(() => {
      if (this.#opening === opening) this.#opening = undefined;
    });
    this.#opening = opening;
  }

  /** Begins to renew a refused login. The client connects again by itself, each time with the current password. */
  #renewRefused({ loginRefused }: RedisFailure): void {
    this.#refused = loginRefused ? this.#passwords.map((password) => password.reveal()) : undefined;
    if (!loginRefused || this.#isRenewing) return;
    this.#isRenewing = true;
    const renewing = this.#renew().then(() => {
      this.#isRenewing = false;
    });
    // Other nodes of a cluster may answer meanwhile.
    if (!isReady(this.#clients)) this.#waitFor(renewing);
  }

  /** Renews the passwords and waits for the next attempt to connect, until a login is accepted or not worth repeating. */
  async #renew(): Promise<void> {
    const { signal } = this.#closed;
    while (this.#refused && !signal.aborted) {
      const refused = this.#refused;
      const renewals = this.#passwords.map((password, i) => password.renew(refused[i]!, signal));
      const isRenewed = await Promise.all(renewals).then(
        (results) => results.includes(true),
        () => false,
      );
      if (!isRenewed) return;
      if (isReady(this.#clients)) return;
      await firstAttempt(this.#clients.master);
    }
  }

  /** Reconnects, because replies may be assigned to wrong calls. In a cluster the node is not known. */
  #onUnexpectedReply(operation: string): Error {
    const { master, replica } = this.#clients;
    for (const client of [master, replica]) if (client instanceof Redis) client.disconnect(true);
    return toDatabaseError(UNEXPECTED_REPLY, operation, this.#options.endpoint);
  }

  /** Reconnects to the address of the master, which may have moved to another server. Nodes of a cluster redirect instead. */
  #reconnectMaster(): void {
    const { master } = this.#clients;
    const now = this.#options.time.now();
    if (!(master instanceof Redis) || Math.abs(now - this.#reconnectedAt) < RECONNECT_INTERVAL_MS) return;
    this.#reconnectedAt = now;
    master.disconnect(true);
  }

  /** Checks the servers after an overdue call, so that calls do not pile up on a connection that hangs. */
  readonly #probeServers = (): void => {
    if (this.#isProbing) return;
    this.#isProbing = true;
    const onUnresponsive = () => {
      this.#lastFailure = SERVER_UNRESPONSIVE;
    };
    void reconnectUnresponsive(this.#clients, onUnresponsive).then(() => {
      this.#isProbing = false;
    });
  };

  async #closeClients(): Promise<void> {
    const { master, replica, stopWatching } = this.#clients;
    for (const stop of this.#stopWatching) stop();
    this.#closed.abort();
    stopWatching?.();
    await Promise.all([closeClient(master), replica && closeClient(replica)]);
  }
}
