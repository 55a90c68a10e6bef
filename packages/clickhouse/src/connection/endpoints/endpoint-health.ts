import type { TimeSource } from '@quantumtrade/dal-runtime';

/**
 * `healthy`: calls are sent to it. `ejected`: it gets neither calls nor probes. `probation`: it gets probes, one at a time, and calls
 * again once a probe was answered.
 */
export type HealthState = 'healthy' | 'ejected' | 'probation';

/**
 * `unreachable`: the connection fails, or a probe is not answered. `outlier`: it answers, and fails more calls than the others. `incomplete`: it lacks a
 * table that another one has.
 */
export type EjectionReason = 'unreachable' | 'outlier' | 'incomplete';

/** Evidence of one attempt about the endpoint that it was sent to. */
export type AttemptEvidence =
  /** The server answered; an answer that refuses the statement as wrong is one as well. */
  | 'answer'
  /** The server answered with an error of its own, such as too little memory. */
  | 'server-error'
  /** The connection could not be opened or broke. */
  | 'connection-error';

export interface HealthOptions {
  /** Connection errors in a row that eject an endpoint. */
  readonly failuresToEject: number;
  /** Time of the first ejection of an outlier; the n-th takes n times as long (milliseconds). */
  readonly ejectionMs: number;
  /** Longest ejection (milliseconds). */
  readonly maxEjectionMs: number;
  /** Least time between two probes of an endpoint (milliseconds). */
  readonly probeIntervalMs: number;
  /** Time of health that takes back one ejection from the count, and the period over which outliers are compared (milliseconds). */
  readonly sweepIntervalMs: number;
}

/** Results of attempts within the current sweep interval. */
export interface AttemptCounts {
  readonly attempts: number;
  readonly failures: number;
}

/**
 * Health of one endpoint: a state machine that evidence and probes drive. Sends nothing and has no timers.
 *
 * Connection errors in a row and probes without an answer eject it as unreachable. It is then probed at once, at most once an
 * interval, and returns with the first answer: a restarted server is used within an interval. Each further ejection that follows
 * soon delays the first probe by `ejectionMs` more, so that an endpoint that answers probes and fails calls stays away longer and
 * longer. Others are ejected for `ejectionMs` times the count, because probes do not show when they have recovered.
 */
export class EndpointHealth {
  readonly #time: TimeSource;
  readonly #options: HealthOptions;
  /** Recent ejections, of which each sweep interval of health takes back one. */
  #ejections = 0;
  #failuresInARow = 0;
  /** Undefined while healthy. */
  #ejectedUntil: number | undefined;
  #probedAt = -Infinity;
  #isProbing = false;
  #healthySince: number;
  #attempts = 0;
  #failures = 0;

  constructor(time: TimeSource, options: HealthOptions) {
    this.#time = time;
    this.#options = options;
    this.#healthySince = time.now();
  }

  get state(): HealthState {
    if (this.#ejectedUntil === undefined) return 'healthy';
    return this.#time.now() < this.#ejectedUntil ? 'ejected' : 'probation';
  }

  get isHealthy(): boolean {
    return this.#ejectedUntil === undefined;
  }

  /** Number of recent ejections. */
  get ejections(): number {
    return this.#ejections;
  }

  /** Whether the latest attempt or probe failed to connect. */
  get isInDoubt(): boolean {
    return this.#failuresInARow > 0;
  }

  get counts(): AttemptCounts {
    return { attempts: this.#attempts, failures: this.#failures };
  }

  /** Counts an attempt. Returns whether the endpoint is to be ejected as unreachable. */
  record(evidence: AttemptEvidence): boolean {
    this.#attempts++;
    if (evidence !== 'answer') this.#failures++;
    if (evidence === 'connection-error') return this.#failToConnect();
    this.#failuresInARow = 0;
    return false;
  }

  /** Takes the endpoint out of use. Has no effect on one that is out of use. */
  eject(reason: EjectionReason): void {
    if (!this.isHealthy) return;
    const { ejectionMs, maxEjectionMs } = this.#options;
    this.#ejections++;
    if (reason === 'unreachable') this.#failuresInARow ||= 1;
    const factor = reason === 'unreachable' ? this.#ejections - 1 : this.#ejections;
    this.#ejectedUntil = this.#time.now() + Math.min(factor * ejectionMs, maxEjectionMs);
  }

  /** Whether a probe may be sent now. `isNeeded` sets the time of the ejection aside. */
  mayProbe(isNeeded: boolean): boolean {
    const isDue = this.#time.now() - this.#probedAt >= this.#options.probeIntervalMs;
    return isDue && !this.#isProbing && (this.state !== 'ejected' || isNeeded);
  }

  /** A probe is sent. One of {@link endProbe} follows. */
  beginProbe(): void {
    this.#isProbing = true;
    this.#probedAt = this.#time.now();
  }

  /**
   * Ends the probe. One that was answered brings the endpoint back, but no outlier before its time. Returns whether the endpoint is to be
   * ejected as unreachable.
   */
  endProbe(isAnswered: boolean): boolean {
    this.#isProbing = false;
    if (!isAnswered) return this.#failToConnect();
    const mayReturn = this.isInDoubt || this.state === 'probation';
    this.#failuresInARow = 0;
    if (mayReturn && !this.isHealthy) this.#return();
    return false;
  }

  /** Begins the next sweep interval: forgets the counts, and one ejection after a whole interval of health. */
  sweep(): void {
    this.#attempts = this.#failures = 0;
    const healthyMs = this.#time.now() - this.#healthySince;
    if (!this.isHealthy || this.#ejections === 0 || healthyMs < this.#options.sweepIntervalMs) return;
    this.#ejections--;
    this.#healthySince = this.#time.now();
  }

  #failToConnect(): boolean {
    this.#failuresInARow++;
    return this.isHealthy && this.#failuresInARow >= this.#options.failuresToEject;
  }

  #return(): void {
    this.#ejectedUntil = undefined;
    this.#healthySince = this.#time.now();
    this.#attempts = this.#failures = 0;
  }
}

/** Fewer attempts in a sweep interval say nothing. */
const MIN_ATTEMPTS = 20;
const MIN_FAILURE_RATE = 0.3;
/** An outlier fails this many times as often as the others. */
const OUTLIER_FACTOR = 2;

/** Whether an endpoint with these counts fails much more often than the others together. */
export function isOutlier({ attempts, failures }: AttemptCounts, others: readonly AttemptCounts[]): boolean {
  if (attempts < MIN_ATTEMPTS || failures < MIN_FAILURE_RATE * attempts) return false;
  const total = others.reduce((sum, each) => sum + each.attempts, 0);
  const failed = others.reduce((sum, each) => sum + each.failures, 0);
  return total === 0 || failures / attempts >= OUTLIER_FACTOR * (failed / total);
}
