import { Backoff } from '../backoff.js';
import type { CallOutcome } from '../call-outcome.js';
import { CircuitBreaker } from '../circuit-breaker.js';
import { ConcurrencyLimit } from '../concurrency-limit.js';
import type { ManualClock } from '../manual-clock.js';
import { RetryBudget } from '../retry-budget.js';
import { decideRetry, type FailedAttempt, type IdempotencyClass } from '../retry-decision.js';
import type { SeededRandom } from '../seeded-random.js';
import type { AttemptEnd, FaultyServer } from './faulty-server.js';

/** Choice of a server for an attempt; the place for outlier ejection. */
export interface ServerChoice {
  /**
   * Returns the index of the server of the next attempt.
   *
   * @param candidates servers whose breaker and limit admit calls; all servers when no server does
   * @param previous server of the attempt that failed
   */
  next(candidates: readonly number[], previous: number | undefined): number;
  onEnd(server: number, outcome: CallOutcome): void;
}

interface Server {
  readonly server: FaultyServer;
  readonly breaker: CircuitBreaker;
  readonly limit: ConcurrencyLimit;
  /** Times at which requests were sent while the breaker was not closed. */
  readonly probedAt: number[];
}

export interface SimulatedCall {
  readonly id: number;
  readonly class: IdempotencyClass;
  readonly serviceMs: number;
  readonly startedAt: number;
  readonly deadline: number;
  readonly backoff: Backoff;
  attempts: number;
  endedAt: number | undefined;
  succeeded: boolean;
}

const FAILURES: Readonly<Record<Exclude<AttemptEnd, 'answered'>, FailedAttempt['sent']>> = {
  refused: 'no',
  broken: 'maybe',
};

/** Client that composes budget, breakers, retries and limits over several servers, as a connection manager does. */
export class ResilientClient {
  readonly servers: readonly Server[];
  readonly calls: SimulatedCall[] = [];
  /** Number of requests that were sent, or refused by breaker or limit. */
  attempts = 0;
  readonly #clock: ManualClock;
  readonly #random: () => number;
  readonly #budget: RetryBudget;
  readonly #choice: ServerChoice;

  constructor(
    clock: ManualClock,
    random: SeededRandom,
    servers: readonly FaultyServer[],
    choice: ServerChoice,
  ) {
    this.#clock = clock;
    this.#random = () => random.next();
    this.#budget = new RetryBudget(clock);
    this.#choice = choice;
    this.servers = servers.map((server) => ({
      server,
      breaker: new CircuitBreaker(clock, { random: this.#random }),
      limit: new ConcurrencyLimit(clock),
      probedAt: [],
    }));
  }

  call(idempotency: IdempotencyClass, serviceMs: number, timeoutMs: number): void {
    const startedAt = this.#clock.now();
    const call: SimulatedCall = {
      id: this.calls.length,
      class: idempotency,
      serviceMs,
      startedAt,
      deadline: startedAt + timeoutMs,
      backoff: new Backoff({ initialDelayMs: 10, random: this.#random }),
      attempts: 0,
      endedAt: undefined,
      succeeded: false,
    };
    this.calls.push(call);
    this.#budget.onRequest();
    this.#attempt(call, undefined);
  }

  #attempt(call: SimulatedCall, previous: number | undefined): void {
    call.attempts++;
    this.attempts++;
    const index = this.#choice.next(this.#candidates(), previous);
    const { server, breaker, limit, probedAt } = this.servers[index]!;
    const permit = breaker.tryEnter();
    if (!permit) return this.#retry(call, index, 'no');
    if (!limit.tryAcquire()) {
      permit.report('ignored');
      return this.#retry(call, index, 'no');
    }
    if (breaker.state !== 'closed') probedAt.push(this.#clock.now());
    const startedAt = this.#clock.now();
    const end = (outcome: CallOutcome) => {
      const durationMs = this.#clock.now() - startedAt;
      permit.report(outcome);
      limit.record(durationMs, outcome);
      limit.release();
      this.#choice.onEnd(index, outcome);
    };
    const cancelTimeout = this.#clock.after(call.deadline - startedAt, () => {
      cancelRequest();
      end('overloaded');
      this.#end(call, false);
    });
    const cancelRequest = server.run(call.id, call.serviceMs, (how) => {
      cancelTimeout();
      end(how === 'answered' ? 'success' : 'failure');
      if (how === 'answered') this.#end(call, true);
      else this.#retry(call, index, FAILURES[how]);
    });
  }

  #candidates(): readonly number[] {
    const all = this.servers.map((_, index) => index);
    const admitting = all.filter((index) => {
      const { breaker, limit } = this.servers[index]!;
      return breaker.retryAfterMs === 0 && limit.inFlight < limit.limit;
    });
    return admitting.length > 0 ? admitting : all;
  }

  #retry(call: SimulatedCall, server: number, sent: FailedAttempt['sent']): void {
    const decision = decideRetry(
      { class: call.class, retryable: true, sent },
      {
        attempts: call.attempts,
        maxAttempts: 4,
        remainingMs: call.deadline - this.#clock.now(),
        attemptMs: call.serviceMs,
        backoff: call.backoff,
        budget: this.#budget,
      },
    );
    if (decision === 'no') this.#end(call, false);
    else this.#clock.after(decision.delayMs, () => this.#attempt(call, server));
  }

  #end(call: SimulatedCall, succeeded: boolean): void {
    if (call.endedAt !== undefined) throw new Error(`call ${call.id} ended twice`);
    call.endedAt = this.#clock.now();
    call.succeeded = succeeded;
  }
}
