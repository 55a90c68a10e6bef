import { Backoff } from '@quantumtrade/dal-runtime';

/** Creates the backoff between attempts to connect. It is short, because the delay is part of every failover. */
export const reconnectBackoff = (): Backoff => new Backoff({ initialDelayMs: 50, maxDelayMs: 500 });

/** Creates the driver's `retryStrategy`, which gets the number of the attempt, counted from 1. Clients may share it. */
export function reconnectStrategy(): (attempt: number) => number {
  const backoff = reconnectBackoff();
  return (attempt) => {
    if (attempt === 1) backoff.reset();
    return backoff.next();
  };
}
