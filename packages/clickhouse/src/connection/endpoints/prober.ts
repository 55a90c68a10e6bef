import type { Cancel, Clock } from '@quantumtrade/dal-runtime';
import type { CompleteSettings } from '../../settings.js';
import type { EndpointHealth } from './endpoint-health.js';

/** Endpoint that is probed. */
export interface Probed {
  readonly health: EndpointHealth;
  readonly isHealthy: boolean;
  /** When the latest answer came (epoch milliseconds). */
  readonly answeredAt: number;
  /** Average latency in milliseconds; undefined while unknown. */
  readonly latencyMs: number | undefined;
  /** Whether calls are under way and none was answered since an instant (epoch milliseconds). */
  isSilentSince(instant: number): boolean;
  /** Sends a probe. Returns whether the server answered in time. Never rejects. */
  probe(timeoutMs: number): Promise<boolean>;
}

export interface ProberTarget<E extends Probed> {
  endpoints(): readonly E[];
  /** Whether calls of every kind have an endpoint. Otherwise unreachable ones are probed before their time. */
  hasUsable(): boolean;
  /** Takes the result of a probe. `wasSilent`: calls are under way, and nothing was answered since the probe was sent. */
  onProbe(endpoint: E, isAnswered: boolean, wasSilent: boolean): void;
  /** Begins the next period over which endpoints are compared. */
  onSweep(): void;
}

/** A call that waits for the results of probes. */
interface WaitingForProbes<E> {
  readonly unprobed: Set<E>;
  readonly resolve: () => void;
}

/** A probe is given this many average latencies, so that a busy server is not taken for one that hangs. */
const PATIENCE = 3;
const MAX_PATIENCE_MS = 5_000;
/** Looks at endpoints more often than it probes one, so that a doubt is noticed early. */
const LOOKS_PER_INTERVAL = 4;

/**
 * Probes endpoints that are out of use, that failed last, or on which calls wait for an answer; others need no probe. Its timer does
 * not keep the process alive.
 */
export class Prober<E extends Probed> {
  readonly #settings: CompleteSettings['failover'];
  readonly #clock: Clock;
  readonly #target: ProberTarget<E>;
  #cancel: Cancel | undefined;
  readonly #waiting = new Set<WaitingForProbes<E>>();
  #lookedAt = 0;
  #sweptAt = 0;

  constructor(settings: CompleteSettings['failover'], clock: Clock, target: ProberTarget<E>) {
    this.#settings = settings;
    this.#clock = clock;
    this.#target = target;
  }

  /** Begins to look at the endpoints. Has no effect on a prober that does. */
  start(): void {
    if (this.#cancel) return;
    this.#lookedAt = this.#sweptAt = this.#clock.now();
    this.#schedule();
  }

  stop(): void {
    this.#cancel?.();
    this.#cancel = undefined;
    for (const waiting of this.#waiting) this.#end(waiting);
  }

  /**
   * Resolves once an endpoint has answered a probe, or every unreachable endpoint has been probed without an answer; at once when `maxWaiting` calls
   * wait for that. Probes that are due begin now, also of endpoints that were ejected repeatedly.
   */
  nextRound(maxWaiting: number): Promise<void> {
    if (!this.#cancel || this.#waiting.size >= maxWaiting) return Promise.resolve();
    const unprobed = new Set(
      this.#target.endpoints().filter(({ isHealthy, health }) => !isHealthy && health.isInDoubt),
    );
    if (unprobed.size === 0) return Promise.resolve();
    return new Promise((resolve) => {
      this.#waiting.add({ unprobed, resolve });
      this.#look();
    });
  }

  #schedule(): void {
    this.#cancel = this.#clock.after(this.#settings.probeIntervalMs / LOOKS_PER_INTERVAL, () => {
      this.#schedule();
      this.#look();
    });
  }

  #look(): void {
    const now = this.#clock.now();
    const isEndpointNeeded = this.#waiting.size > 0 || !this.#target.hasUsable();
    for (const endpoint of this.#target.endpoints()) {
      const { health, isHealthy } = endpoint;
      const isSilent = endpoint.isSilentSince(this.#lookedAt);
      const isDoubtful = !isHealthy || health.isInDoubt || isSilent;
      const isNeeded = isSilent || (isEndpointNeeded && health.isInDoubt);
      if (isDoubtful && health.mayProbe(isNeeded)) void this.#probe(endpoint);
    }
    this.#lookedAt = now;
    if (now - this.#sweptAt < this.#settings.sweepIntervalMs) return;
    this.#sweptAt = now;
    this.#target.onSweep();
  }

  async #probe(endpoint: E): Promise<void> {
    const sentAt = this.#clock.now();
    endpoint.health.beginProbe();
    const usualMs = Math.min(MAX_PATIENCE_MS, PATIENCE * (endpoint.latencyMs ?? 0));
    const isAnswered = await endpoint.probe(Math.max(this.#settings.probeTimeoutMs, usualMs));
    this.#target.onProbe(
      endpoint,
      // A busy server may answer calls earlier than the probe.
      isAnswered || (endpoint.isHealthy && endpoint.answeredAt > sentAt),
      endpoint.isSilentSince(sentAt),
    );
    for (const waiting of this.#waiting) {
      waiting.unprobed.delete(endpoint);
      if (isAnswered || waiting.unprobed.size === 0) this.#end(waiting);
    }
  }

  #end(waiting: WaitingForProbes<E>): void {
    this.#waiting.delete(waiting);
    waiting.resolve();
  }
}
