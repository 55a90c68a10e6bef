import type { CallOptions, EndpointStatus, ServerCondition } from '@quantumtrade/dal-domain';
import type { ServerStorage } from '@quantumtrade/dal-domain/operations';
import { ConnectionError } from '@quantumtrade/dal-domain';
import type { Secret, TimeSource } from '@quantumtrade/dal-runtime';
import { Admission, ConcurrencyLimit, RetryBudget, sleep, systemClock } from '@quantumtrade/dal-runtime';
import type { CompleteEndpoint, CompleteSettings } from '../../settings.js';
import type { AttemptTracker, ConnectionPool, MovableCall } from '../connection-pool.js';
import { classifyFailure, type Failure } from '../classify-failure.js';
import type { SyncedEndpoint } from '../consistency/write-visibility.js';
import { Control } from '../control.js';
import { DatabaseSql } from '../database-sql.js';
import { HttpDriver } from '../driver/http-driver.js';
import { PinnedSettings, quorumSettings } from '../pinned-settings.js';
import { readServerCondition } from '../server-condition.js';
import { readServerStorage } from '../server-storage.js';
import type { Sql } from '../sql.js';
import { nameOf, type EndpointAddress } from './endpoint-address.js';
import { EndpointHealth, type EjectionReason } from './endpoint-health.js';
import type { Candidate } from './endpoint-picker.js';
import { errorCodeOf, evidenceOf } from './evidence.js';
import { LatencyAverage } from './latency-average.js';

/** Database that exists on every server. */
const SYSTEM = 'system';
/** Kills and lookups of settings wait for each other only. */
const CONTROL_CONNECTIONS = 2;
const NO_RETRIES = new RetryBudget(systemClock, { ratio: 0, reserve: 0 });
/** A probe waits for no ping. */
const PING_CONNECTIONS = 2;
/** Waits for replication, which take as long as they take, occupy no connection of the calls. */
const SYNC_CONNECTIONS = 2;
/** Latencies are not compared below this, and an unknown one counts as this, so that it becomes known (milliseconds). */
const LEAST_LATENCY_MS = 0.5;
/** Time that a server has to answer after a wait of its own is over (milliseconds). */
const SYNC_ANSWER_MS = 500;

type OnUnusable = (endpoint: Endpoint, reason: EjectionReason) => void;

export type PingOptions = Pick<CallOptions, 'signal' | 'deadline'>;

/** One server: its connections, its health and the calls under way on it. */
export class Endpoint implements Candidate, ConnectionPool, AttemptTracker, SyncedEndpoint {
  /** Host and port, e.g. `ch-2:8123`. */
  readonly name: string;
  readonly role: CompleteEndpoint['role'];
  readonly shard: string;
  readonly driver: HttpDriver;
  readonly admission: Admission;
  readonly password: Secret | undefined;
  readonly pinned: PinnedSettings;
  readonly control: Control;
  readonly health: EndpointHealth;
  /** The endpoint itself; undefined while it is the only one, which needs no health. */
  tracker: this | undefined = this;
  /** When the latest answer came (epoch milliseconds). */
  answeredAt = 0;
  readonly #address: EndpointAddress;
  readonly #time: TimeSource;
  readonly #latency: LatencyAverage;
  readonly #pings: HttpDriver;
  readonly #controls: HttpDriver;
  readonly #syncs: HttpDriver;
  readonly #pingSql: Sql;
  readonly #probeSql: Sql;
  readonly #syncSql: Sql;
  /** Calls that may go on at another endpoint. */
  readonly #calls = new Set<MovableCall>();
  readonly #onUnusable: OnUnusable;
  #lastError: string | undefined;

  /** `onUnusable` is called when the results of attempts say that the endpoint is to be ejected. */
  constructor(
    address: EndpointAddress,
    settings: CompleteSettings,
    time: TimeSource,
    onUnusable: OnUnusable,
  ) {
    const { url, role, shard } = address;
    const { maxConnections, maxQueuedCalls: maxQueued, retry, failover, password } = settings;
    this.name = nameOf(address);
    this.role = role;
    this.shard = shard;
    this.password = password;
    this.#address = address;
    this.#time = time;
    this.#onUnusable = onUnusable;
    this.#latency = new LatencyAverage(time);
    this.health = new EndpointHealth(time, failover);
    this.pinned = new PinnedSettings({ max_query_size: settings.maxQuerySize, ...quorumSettings(settings) });
    const at = { ...settings, url, address: address.address };
    this.driver = new HttpDriver(at, maxConnections, this.pinned);
    this.#pings = new HttpDriver(at, PING_CONNECTIONS, this.pinned);
    this.#controls = new HttpDriver(at, CONTROL_CONNECTIONS);
    this.#syncs = new HttpDriver(at, SYNC_CONNECTIONS, this.pinned);
    const admission = (limit: number | ConcurrencyLimit, maxQueued: number) =>
      new Admission({ limit, maxQueued, time });
    const most = { max: maxConnections, initial: maxConnections };
    const limit = settings.adaptiveLimit ? new ConcurrencyLimit(time, most) : maxConnections;
    this.admission = admission(limit, maxQueued);
    const once = { ...settings, retry: { ...retry, maxAttempts: 1 } };
    const unlimited = () => admission(Infinity, 0);
    const { name } = this;
    const sqlOf = (pool: ConnectionPool) =>
      new DatabaseSql({ pick: () => pool, isClosed: false, retryBudget: NO_RETRIES }, SYSTEM, once);
    this.control = new Control(sqlOf({ name, driver: this.#controls, admission: unlimited(), password }));
    const pings = { name, driver: this.#pings, admission: unlimited() };
    this.#pingSql = sqlOf({ ...pings, pinned: this.pinned, control: this.control, password });
    // A refusal answers a probe, so the password is not renewed.
    this.#probeSql = sqlOf(pings);
    const syncs = { name, driver: this.#syncs, admission: unlimited(), pinned: this.pinned, password };
    const onError = (failure: Failure) => this.onError(failure);
    this.#syncSql = sqlOf({ ...syncs, control: this.control, onError });
  }

  get isHealthy(): boolean {
    return this.health.isHealthy;
  }

  get isInDoubt(): boolean {
    return this.health.isInDoubt;
  }

  get cost(): number {
    const latencyMs = Math.max(LEAST_LATENCY_MS, this.#latency.current ?? 0);
    return (latencyMs * (1 + this.admission.running + this.admission.queued)) / this.#address.weight;
  }

  /** Code of the latest error that says something about the server. */
  get lastError(): string | undefined {
    return this.#lastError;
  }

  /** Average latency in milliseconds; undefined while unknown. */
  get latencyMs(): number | undefined {
    return this.#latency.current;
  }

  /** Whether calls are under way and none was answered since an instant (epoch milliseconds). */
  isSilentSince(instant: number): boolean {
    return this.admission.running > this.control.held && this.answeredAt < instant;
  }

  /** Whether this is the endpoint of an address with this role, shard and weight. */
  isAt({ url, address, role, shard, weight }: EndpointAddress): boolean {
    const own = this.#address;
    return (
      own.url === url &&
      own.address === address &&
      own.role === role &&
      own.shard === shard &&
      own.weight === weight
    );
  }

  /** Takes note of a call that may go on at another endpoint until it has {@link leave left}. */
  enter(call: MovableCall): void {
    this.#calls.add(call);
  }

  leave(call: MovableCall): void {
    this.#calls.delete(call);
  }

  onAnswer(latencyMs: number): void {
    this.#latency.record(latencyMs);
    this.answeredAt = this.#time.now();
  }

  /** An attempt that is left because another endpoint was faster shows how slow this one is at least. */
  onUnanswered(durationMs: number): void {
    if (durationMs > (this.#latency.current ?? 0)) this.#latency.record(durationMs);
  }

  onSuccess(): void {
    this.health.record('answer');
  }

  onMissing(error: string): void {
    this.#lastError = error;
    this.#onUnusable(this, 'incomplete');
  }

  /** Takes note of an attempt that failed. */
  onError(failure: Failure): void {
    const evidence = evidenceOf(failure);
    if (evidence !== 'answer') this.#lastError = errorCodeOf(failure);
    if (evidence === undefined) return;
    if (evidence !== 'connection-error') this.answeredAt = this.#time.now();
    if (this.tracker && this.health.record(evidence)) this.#onUnusable(this, 'unreachable');
  }

  /** Has the calls that were not answered go on at another endpoint. */
  moveCalls(): void {
    const error = new ConnectionError(`the server does not answer (${this.#lastError})`, {
      operation: 'clickhouse.connect',
      endpoint: this.name,
    });
    for (const call of this.#calls) call.moveOn(error);
  }

  /** Asks for an answer. Rejects with the domain's errors. */
  async ping(operation: string, options: PingOptions): Promise<void> {
    await this.#pingSql.rows(operation, 'SELECT 1', undefined, options);
  }

  /** Asks for the condition of the server. Never rejects. */
  condition(database: string, options: CallOptions): Promise<ServerCondition> {
    const { name } = this;
    return readServerCondition(this.#pingSql, name, database, options).catch((error: unknown) => ({
      ...{ name, error: reasonOf(error) },
      ...{ disks: [], replication: [], partitions: [], mutations: [] },
    }));
  }

  /** Asks for the storage that the server uses. Never rejects. */
  storage(database: string, options: CallOptions): Promise<ServerStorage> {
    const { name } = this;
    return readServerStorage(this.#pingSql, name, database, options).catch((error: unknown) => ({
      ...{ name, error: reasonOf(error), partitions: [] },
      ...{ unfinishedMutations: 0, failedMutations: 0 },
    }));
  }

  /** Sends a probe. Returns whether the server answered in time, be it with an error. */
  async probe(timeoutMs: number): Promise<boolean> {
    const options = { deadline: this.#time.now() + timeoutMs };
    try {
      await this.#probeSql.rows('clickhouse.probe', 'SELECT 1', undefined, options);
      return true;
    } catch (error) {
      const failure = classifyFailure(error);
      if (evidenceOf(failure) !== 'connection-error' && failure.code !== 'TIMEOUT') return true;
      this.#lastError = errorCodeOf(failure);
      return false;
    }
  }

  async syncReplica(database: string, table: string, options: CallOptions): Promise<void> {
    const { deadline = Infinity } = options;
    const waitMs = deadline - this.#time.now() - SYNC_ANSWER_MS;
    await this.#syncSql
      .on(database)
      .command('clickhouse.sync', `SYSTEM SYNC REPLICA ${table} LIGHTWEIGHT`, {}, options, {
        receive_timeout: Math.max(1, Math.floor(waitMs / 1_000)),
      });
  }

  /** Begins again with a latency, so that an endpoint that returns is not sent all calls at once. */
  restartLatency(latencyMs: number): void {
    this.#latency.restart(latencyMs);
  }

  get connectionCount(): number {
    return this.#drivers().reduce((count, driver) => count + driver.connectionCount, 0);
  }

  status(): EndpointStatus {
    const { name, role, shard, health, admission, driver } = this;
    return {
      name,
      role,
      shard,
      state: health.state,
      inUse: admission.running,
      limit: admission.limit,
      idle: driver.idleCount,
      waiting: admission.queued,
      waitedMs: Math.round(admission.waitedMs),
      ejections: health.ejections,
      latencyMs: this.latencyMs ?? null,
      lastError: this.#lastError ?? null,
      orphanedQueries: this.control.orphans,
      quarantined: this.control.held,
      orphanSeconds: this.control.orphanSeconds,
    };
  }

  /** Refuses waiting calls, gives those under way some time, and closes all connections. */
  async close(drainTimeoutMs: number): Promise<void> {
    this.admission.close();
    const drained = new AbortController();
    await Promise.race([
      this.admission.idle.finally(() => drained.abort()),
      sleep(drainTimeoutMs, systemClock, drained.signal).catch(() => undefined),
    ]);
    drained.abort();
    this.control.close();
    await Promise.all(this.#drivers().map((driver) => driver.close()));
  }

  #drivers(): HttpDriver[] {
    return [this.driver, this.#pings, this.#controls, this.#syncs];
  }
}

const reasonOf = (error: unknown): string => (error instanceof Error ? error.message : 'unknown');
