export { Admission, NotAdmittedError, type AdmissionOptions, type AdmittedQuery } from './admission.js';
export { backgroundClock } from './background-clock.js';
export { Backoff, type BackoffOptions } from './backoff.js';
export type { CallOutcome } from './call-outcome.js';
export {
  CircuitBreaker,
  type BreakerPermit,
  type BreakerState,
  type CircuitBreakerOptions,
} from './circuit-breaker.js';
export { systemClock, type Cancel, type Clock, type TimeSource } from './clock.js';
export { ConcurrencyLimit, type ConcurrencyLimitOptions } from './concurrency-limit.js';
export {
  Deadline,
  expiryTimer,
  ExpiryTimer,
  onAbort,
  type AbortSource,
  type DeadlineLimits,
  type Expiry,
  type TimeoutErrorFactory,
} from './deadline.js';
export { closest, unknownKeyReason } from './did-you-mean.js';
export { allOf } from './all-of.js';
export { forEachConcurrently } from './for-each-concurrently.js';
export { PRIORITIES, type Priority } from './fair-queue.js';
export { Hedge, type HedgedAttempt, type HedgeOptions } from './hedge.js';
export { LightAbortSignal } from './light-abort-signal.js';
export { loadPeer } from './load-peer.js';
export { ManualClock } from './manual-clock.js';
export { promiseTry } from './promise-try.js';
export { RetryBudget, type RetryBudgetOptions } from './retry-budget.js';
export {
  decideRetry,
  type FailedAttempt,
  type IdempotencyClass,
  type RetryContext,
  type RetryDecision,
} from './retry-decision.js';
export { Secret } from './secret.js';
export { SeededRandom } from './seeded-random.js';
export { Semaphore } from './semaphore.js';
export { SingleFlight, type Flight } from './single-flight.js';
export { sleep } from './sleep.js';
export { SOCKET_ERRORS, socketFailureOf, type Sent, type TransportFailure } from './socket-errors.js';
export {
  acceptedBy,
  completeList,
  completeSettings,
  describeSetting,
  type Address,
  type LeafSetting,
  type RefuseSetting,
  type Setting,
  type SettingDeclarations,
  type SettingsInput,
  type SettingsOf,
} from './settings.js';
export {
  TLS_FILE_SETTINGS,
  TLS_SETTINGS,
  tlsOptions,
  type TlsFileSettings,
  type TlsSettings,
} from './tls-settings.js';
