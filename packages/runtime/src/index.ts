export { Backoff, type BackoffOptions } from './backoff.js';
export {
  expiryTimer,
  ExpiryTimer,
  systemClock,
  type Cancel,
  type Clock,
  type Expiry,
  type TimeSource,
} from './clock.js';
export {
  Deadline,
  LightAbortSignal,
  onAbort,
  sleep,
  type AbortSource,
  type DeadlineLimits,
  type TimeoutErrorFactory,
} from './deadline.js';
export { closest, unknownKeyReason } from './did-you-mean.js';
export { ManualClock } from './manual-clock.js';
export { promiseTry } from './promise-try.js';
export { SeededRandom } from './seeded-random.js';
export { Semaphore } from './semaphore.js';
export { SingleFlight, type Flight } from './single-flight.js';
export {
  acceptedBy,
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
