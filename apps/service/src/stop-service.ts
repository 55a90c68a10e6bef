import type { HttpConfig } from '@quantumtrade/dal-config';
import type { Clock } from '@quantumtrade/dal-runtime';
import { sleep } from '@quantumtrade/dal-runtime';
import type { FastifyInstance } from 'fastify';
import type { ActiveRequests } from './http/active-requests.js';
import type { Authentication } from './http/authentication.js';
import type { Lifecycle } from './http/lifecycle.js';
import { RefusedRequest } from './http/refused-request.js';
import type { BufferedWrites } from './records/buffered-writes.js';
import type { TickStreams } from './ticks/tick-streams.js';

/** Parts of a service that its stop needs. */
export interface StopParts {
  readonly app: FastifyInstance;
  readonly config: Pick<HttpConfig, 'stop'>;
  readonly lifecycle: Lifecycle;
  readonly active: ActiveRequests;
  readonly authentication: Authentication;
  readonly ticks: TickStreams;
  readonly writes: BufferedWrites;
  readonly clock: Clock;
}

/** Time for which open connections are answered with 503 at least, so that clients leave them before they are closed. */
const LINGER_MS = 500;
/** Share of the time after the drain delay that calls under way may take; the rest is for closing. */
const CALLS_SHARE = 0.6;
/** Time for calls to answer after they were aborted. */
const ABORTED_MS = 500;

/** Stops a service as {@link Service.stop} describes. */
export async function stopService(parts: StopParts): Promise<void> {
  const { app, config, lifecycle, active, authentication, ticks, writes, clock } = parts;
  const { drainDelayMs, graceMs } = config.stop;
  const end = clock.now() + graceMs;
  lifecycle.drain();
  await sleep(Math.min(drainDelayMs, graceMs / 2), clock);
  lifecycle.refuse();
  ticks.end();
  const callsMs = (end - clock.now()) * CALLS_SHARE;
  await Promise.all([within(active.idle(), callsMs, clock), sleep(Math.min(LINGER_MS, callsMs), clock)]);
  if (active.count > 0) {
    active.abort(new RefusedRequest('STOPPING', 'the service is stopping', 0));
    await within(active.idle(), ABORTED_MS, clock);
  }
  const closing = app.close();
  await within(closing, ABORTED_MS, clock);
  app.server.closeAllConnections();
  await closing;
  authentication.close();
  await writes.close(end);
}

/** Waits for a promise, at most for a time. */
async function within(promise: Promise<unknown>, ms: number, clock: Clock): Promise<void> {
  let cancel = () => {};
  const limit = new Promise<void>((resolve) => (cancel = clock.after(ms, resolve)));
  await Promise.race([promise, limit]);
  cancel();
}
