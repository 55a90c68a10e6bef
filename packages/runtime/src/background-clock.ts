import type { Clock } from './clock.js';
import { expiryTimer } from './deadline.js';

/** Clock of the machine whose pending timers do not keep the process alive. */
export const backgroundClock: Clock = {
  now: Date.now,
  after(delayMs, run) {
    const expiry = expiryTimer.after(delayMs, run);
    return () => expiryTimer.cancel(expiry);
  },
};
