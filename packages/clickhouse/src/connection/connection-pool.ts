import { ConnectionError } from '@quantumtrade/dal-domain';
import type { Admission, RetryBudget, Secret } from '@quantumtrade/dal-runtime';
import type { Failure } from './classify-failure.js';
import type { WriteVisibility } from './consistency/write-visibility.js';
import type { HttpDriver } from './driver/http-driver.js';
import type { PickRequest } from './endpoints/endpoint-picker.js';
import type { ReadHedges } from './read-hedges.js';
import type { PinnedSettings } from './pinned-settings.js';

/** Connections to one server that statements share, each with a connection of its own while it runs. */
export interface ConnectionPool {
  /** Host and port of the server, for messages. */
  readonly name: string;
  /** @default none: statements stay within no shard */
  readonly shard?: string;
  readonly driver: HttpDriver;
  readonly admission: Admission;
  /** Password that the driver logs in with; renewed when the server refuses it. @default none: a refused login fails */
  readonly password?: Secret | undefined;
  /** Settings that the driver sends with every statement. @default none */
  readonly pinned?: PinnedSettings;
  /** @default none: queries that are left are not killed */
  readonly control?: QueryControl;
  /** Takes note of an attempt that failed. */
  onError?(failure: Failure): void;
  /** @default none: there is no other pool, so that attempts are not compared and do not move */
  readonly tracker?: AttemptTracker | undefined;
}

/** Takes note of the attempts at one of several servers. */
export interface AttemptTracker {
  /** Takes note of an attempt that may go on elsewhere, until it has left. */
  enter(call: MovableCall): void;
  leave(call: MovableCall): void;
  /** Takes note of the head of an answer. */
  onAnswer(latencyMs: number): void;
  onSuccess(): void;
  /** Takes note of a table that the server lacks, under the name of the error, and that another server has. */
  onMissing(error: string): void;
  /** Takes note of an attempt that was left before an answer came, after so many milliseconds. */
  onUnanswered(durationMs: number): void;
}

/** Chooses the pool of each attempt. */
export interface PoolSource {
  /** Whether further statements are refused. */
  readonly isClosed: boolean;
  /** The pool of all attempts, where there is one alone. @default none: one is picked for each */
  readonly only?: ConnectionPool | undefined;
  /** Limits the retries of all statements together. */
  readonly retryBudget: RetryBudget;
  /** @default none: slow reads are not sent to a second endpoint */
  readonly hedges?: ReadHedges | undefined;
  /** @default none: reads need see no write */
  readonly visibility?: WriteVisibility;
  /** Returns a pool; one that was not tried if there is one. Throws `ConnectionError` when no endpoint can be used. */
  pick(request: PickRequest<ConnectionPool>, operation: string): ConnectionPool;
  /** Returns the names of all copies of a shard, also of those that cannot be used now. */
  copiesOf?(shard: string): readonly string[];
  /** Returns the shards that have endpoints. */
  shards?(): readonly string[];
  /** Whether a pool that was not tried could be picked. @default none: it could not */
  hasUntried?(request: PickRequest<ConnectionPool>): boolean;
  /** Resolves when a server has answered a probe, or all have been probed in vain. @default none: servers are not probed */
  probed?(): Promise<void>;
}

/** A call under way at an endpoint. */
export interface MovableCall {
  /** Leaves an endpoint that does not answer. The call then makes its next attempt. */
  moveOn(error: ConnectionError): void;
}

/** A query that its caller has left and that may still run. */
export interface Orphan {
  readonly queryId: string;
  /** When it was sent (epoch milliseconds). */
  readonly sentAt: number;
  /** When the server ends it by itself; `Infinity` for never (epoch milliseconds). */
  readonly endsAt: number;
  /** Gives its slot back. */
  release(): void;
}

/** Statements about other statements of a server. */
export interface QueryControl {
  /** Ends a query, and gives its slot back once the server no longer has it, or after a time. Returns at once. */
  kill(orphan: Orphan): void;
  /** Returns the names of the server's settings. */
  settingNames(options: { readonly signal?: AbortSignal }): Promise<ReadonlySet<string>>;
}

/** Returns the error of a statement after the source was closed. */
export const clientClosedError = (operation: string): ConnectionError =>
  new ConnectionError('the client is closed', { operation, retryable: false });
