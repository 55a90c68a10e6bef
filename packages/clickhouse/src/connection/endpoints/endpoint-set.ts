import type { CallOptions, EndpointStatus, ServerCondition } from '@quantumtrade/dal-domain';
import type { ServerStorage } from '@quantumtrade/dal-domain/operations';
import { ConnectionError } from '@quantumtrade/dal-domain';
import { backgroundClock, onAbort, RetryBudget, systemClock } from '@quantumtrade/dal-runtime';
import type { CompleteEndpoint, CompleteSettings } from '../../settings.js';
import type { PoolSource } from '../connection-pool.js';
import { debugStep } from '../debug.js';
import { WriteVisibility, type SyncedEndpoints } from '../consistency/write-visibility.js';
import { Endpoint, type PingOptions } from './endpoint.js';
import type { EndpointAddress } from './endpoint-address.js';
import { isOutlier, type EjectionReason } from './endpoint-health.js';
import { pickEndpoint, usableEndpoints, type EndpointChoice, type PickRequest } from './endpoint-picker.js';
import { ReadHedges } from '../read-hedges.js';
import { Prober } from './prober.js';
import { DnsResolver } from './resolver.js';

/** Retries that need no recent calls. */
const MIN_RETRY_RESERVE = 10;
const UNUSED: EndpointChoice<Endpoint> = { readable: [], writable: [], healthy: [], unhealthy: [] };

/**
 * Endpoints of a ClickHouse cluster, from which each attempt of a call gets one. With a single one, all of them do, and nothing is
 * probed or ejected.
 */
export class EndpointSet implements PoolSource, SyncedEndpoints {
  isClosed = false;
  /** The single endpoint, once it is used. */
  only: Endpoint | undefined;
  readonly retryBudget: RetryBudget;
  readonly hedges: ReadHedges | undefined;
  readonly visibility: WriteVisibility;
  readonly #settings: CompleteSettings;
  readonly #resolver = new DnsResolver();
  /** Whether each endpoint is a copy that has to get every block, so that its name stands for one server. */
  readonly #isWritten: boolean;
  readonly #prober: Prober<Endpoint>;
  #configured: readonly CompleteEndpoint[];
  #endpoints: readonly Endpoint[] = [];
  #choice = UNUSED;
  #isStarted = false;
  #refresh: NodeJS.Timeout | undefined;
  /** Endpoints that were removed and still have calls under way. */
  readonly #draining = new Map<Endpoint, Promise<void>>();

  constructor(settings: CompleteSettings) {
    this.#settings = settings;
    this.#configured = settings.endpoints;
    const reserve = Math.max(MIN_RETRY_RESERVE, settings.maxConnections);
    this.retryBudget = new RetryBudget(systemClock, { reserve });
    const { hedge } = settings;
    if (hedge.percentile > 0 || hedge.afterMs > 0) this.hedges = new ReadHedges(hedge, this.retryBudget);
    this.#isWritten = settings.cluster?.copies === 'written';
    this.visibility = new WriteVisibility(this, settings.requestTimeoutMs, this.#isWritten);
    this.#prober = new Prober<Endpoint>(settings.failover, backgroundClock, {
      endpoints: () => this.#endpoints,
      hasUsable: () => this.#choice.readable.length > 0 && this.#choice.writable.length > 0,
      onProbe: (endpoint, isAnswered, wasSilent) => this.#onProbe(endpoint, isAnswered, wasSilent),
      onSweep: () => this.#sweep(),
    });
    this.#apply(this.#configured);
  }

  get connectionCount(): number {
    let count = 0;
    for (const endpoint of this.#all()) count += endpoint.connectionCount;
    return count;
  }

  get hasSeveralShards(): boolean {
    return new Set(this.#endpoints.map(({ shard }) => shard)).size > 1;
  }

  shards(): readonly string[] {
    return [...new Set(this.#endpoints.flatMap(({ shard }) => shard ?? []))];
  }

  copiesOf(shard: string): readonly string[] {
    return this.#endpoints.filter((each) => each.shard === shard).map(({ name }) => name);
  }

  healthyCopiesOf(shard: string): readonly Endpoint[] {
    this.#ensureStarted();
    return this.#choice.healthy.filter((each) => each.shard === shard);
  }

  pick(request: PickRequest<Endpoint>, operation: string): Endpoint {
    this.#ensureStarted();
    const picked = pickEndpoint(this.#choice, request, Math.random);
    if (picked) return picked;
    const { purpose, shard, accepts } = request;
    const ofShard = this.#endpoints.filter((each) => shard === undefined || each.shard === shard);
    const wanted = accepts ? ofShard.filter(accepts) : ofShard;
    const states = (wanted.length > 0 ? wanted : ofShard).map(({ name, lastError, isHealthy }) =>
      isHealthy ? name : `${name} (${lastError ?? 'ejected'})`,
    );
    const needed = purpose === 'read' ? 'endpoint' : 'primary';
    const where = shard === undefined ? '' : ` of shard ${shard}`;
    throw new ConnectionError(`no ${needed}${where} can be used now: ${states.join(', ')}`, { operation });
  }

  hasUntried(request: PickRequest<Endpoint>): boolean {
    const picked = pickEndpoint(this.#choice, request, Math.random);
    return picked !== undefined && !request.tried.includes(picked);
  }

  probed(): Promise<void> {
    return this.#prober.nextRound(this.#settings.maxConnections);
  }

  /** Resolves when one of the endpoints answers; otherwise rejects with the error of the first one. */
  async ping(operation: string, { signal, deadline }: PingOptions = {}): Promise<void> {
    const answered = new AbortController();
    const ignoreSignal = signal && onAbort(signal, () => answered.abort(signal.reason));
    const options = { signal: answered.signal, ...(deadline !== undefined && { deadline }) };
    try {
      await Promise.any(this.#endpoints.map((endpoint) => endpoint.ping(operation, options)));
    } catch (error) {
      throw (error as AggregateError).errors[0];
    } finally {
      ignoreSignal?.();
      answered.abort();
    }
  }

  /** Replaces the endpoints. One that stays keeps its connections; one that is removed finishes its calls within the drain time. */
  update(endpoints: readonly CompleteEndpoint[]): void {
    this.#configured = endpoints;
    this.#apply(endpoints);
    if (this.#isStarted) void this.#resolve();
  }

  conditions(database: string, options: CallOptions): Promise<readonly ServerCondition[]> {
    return Promise.all(this.#endpoints.map((endpoint) => endpoint.condition(database, options)));
  }

  storage(database: string, options: CallOptions): Promise<readonly ServerStorage[]> {
    return Promise.all(this.#endpoints.map((endpoint) => endpoint.storage(database, options)));
  }

  status(): readonly EndpointStatus[] {
    return this.#endpoints.map((endpoint) => endpoint.status());
  }

  async close(): Promise<void> {
    this.isClosed = true;
    this.only = undefined;
    this.#prober.stop();
    clearInterval(this.#refresh);
    for (const endpoint of this.#endpoints) this.#retire(endpoint);
    await Promise.all(this.#draining.values());
  }

  #all(): Iterable<Endpoint> {
    return [...this.#endpoints.filter((each) => !this.#draining.has(each)), ...this.#draining.keys()];
  }

  #ensureStarted(): void {
    if (!this.#isStarted && !this.isClosed) this.#start();
  }

  /** Begins at the first call: looks addresses up, and probes if there are several endpoints. */
  #start(): void {
    this.#isStarted = true;
    void this.#resolve();
    this.#refresh = setInterval(() => void this.#resolve(), this.#settings.failover.dnsRefreshMs).unref();
    this.#choose();
  }

  async #resolve(): Promise<void> {
    if (this.#isWritten) return;
    const configured = this.#configured;
    const addresses = await this.#resolver.resolve(configured);
    if (configured === this.#configured && !this.isClosed) this.#apply(addresses);
  }

  #apply(addresses: readonly EndpointAddress[]): void {
    const before = this.#endpoints;
    this.#endpoints = addresses.map(
      (address) =>
        before.find((each) => each.isAt(address)) ??
        new Endpoint(address, this.#settings, systemClock, (endpoint, reason) =>
          reason === 'unreachable' ? this.#eject(endpoint) : this.#setAside(endpoint, reason),
        ),
    );
    for (const endpoint of before) if (!this.#endpoints.includes(endpoint)) this.#retire(endpoint);
    this.#choose();
  }

  #retire(endpoint: Endpoint): void {
    if (this.#draining.has(endpoint)) return;
    const closed = endpoint.close(this.#settings.drainTimeoutMs);
    this.#draining.set(
      endpoint,
      closed.finally(() => this.#draining.delete(endpoint)),
    );
  }

  /** Decides anew which endpoints are in use. */
  #choose(): void {
    this.#choice = usableEndpoints(this.#endpoints);
    const isSingle = this.#endpoints.length === 1;
    this.only = isSingle && this.#isStarted ? this.#endpoints[0] : undefined;
    for (const endpoint of this.#endpoints) endpoint.tracker = isSingle ? undefined : endpoint;
    if (this.#isStarted && !isSingle && !this.isClosed) this.#prober.start();
    else this.#prober.stop();
  }

  /** Ejects an endpoint that cannot be reached, and has its calls go on at others. The only endpoint is never ejected. */
  #eject(endpoint: Endpoint): void {
    if (this.#endpoints.length === 1 || !this.#endpoints.includes(endpoint)) return;
    endpoint.health.eject('unreachable');
    debugStep('endpoint ejected as unreachable', { endpoint: endpoint.name });
    this.#choose();
    endpoint.moveCalls();
  }

  #onProbe(endpoint: Endpoint, isAnswered: boolean, wasSilent: boolean): void {
    const wasHealthy = endpoint.isHealthy;
    const isUnreachable = endpoint.health.endProbe(isAnswered);
    // Calls that wait go to another endpoint at once; the last one is given several probes.
    if (isUnreachable || (!isAnswered && wasHealthy && wasSilent && this.#isReplaceable(endpoint))) {
      return this.#eject(endpoint);
    }
    if (!isAnswered && !wasHealthy && wasSilent) endpoint.moveCalls();
    if (wasHealthy || !endpoint.isHealthy) return;
    debugStep('endpoint used again', { endpoint: endpoint.name });
    const latencies = this.#choice.readable.map(({ latencyMs }) => latencyMs ?? 0);
    endpoint.restartLatency(Math.max(1, ...latencies));
    this.#choose();
  }

  /** Whether calls of every kind that the endpoint serves have another one; in a cluster, one with its rows. */
  #isReplaceable(endpoint: Endpoint): boolean {
    const others = this.#endpoints.filter(
      (each) => each !== endpoint && (!this.#settings.cluster || each.shard === endpoint.shard),
    );
    const { readable, writable } = usableEndpoints(others);
    return readable.length > 0 && (writable.length > 0 || endpoint.role === 'replica');
  }

  /** Ejects an endpoint that answers, unless it is the last one of its kind. */
  #setAside(endpoint: Endpoint, reason: EjectionReason): void {
    if (!endpoint.isHealthy || !this.#endpoints.includes(endpoint) || !this.#isReplaceable(endpoint)) return;
    endpoint.health.eject(reason);
    debugStep(`endpoint ejected as ${reason}`, { endpoint: endpoint.name });
    this.#choose();
  }

  /** Ejects endpoints that fail more calls than the others, never the last one of its kind. */
  #sweep(): void {
    const counts = new Map(this.#endpoints.map((endpoint) => [endpoint, endpoint.health.counts]));
    for (const [endpoint, own] of counts) {
      const others = [...counts].filter(([each]) => each !== endpoint && each.isHealthy);
      const isOut = isOutlier(
        own,
        others.map(([, each]) => each),
      );
      if (isOut) this.#setAside(endpoint, 'outlier');
    }
    for (const endpoint of this.#endpoints) endpoint.health.sweep();
    this.#choose();
  }
}
