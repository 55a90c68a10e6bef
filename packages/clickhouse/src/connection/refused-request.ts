import type { LightAbortSignal } from '@quantumtrade/dal-runtime';
import { classifyFailure } from './classify-failure.js';
import type { ConnectionPool } from './connection-pool.js';
import { ServerError } from './server-errors.js';

/** The parts of a request for which a server may refuse it before it runs anything. */
export interface RefusableParts {
  readonly password: string | undefined;
  /** The pinned settings. */
  readonly queryString: string | undefined;
}

/** Returns the parts of a request that is sent now. */
export const refusableParts = ({ password, pinned }: ConnectionPool): RefusableParts => ({
  password: password?.reveal(),
  queryString: pinned?.queryString,
});

/**
 * Changes what a request was refused for: looks for another password after a refused login, and leaves out pinned settings which the
 * server lacks. Returns whether to send the request again. Rejects with the signal's reason only, or when the server's settings
 * cannot be read.
 */
export async function amendRefused(
  { password, pinned, control }: ConnectionPool,
  error: unknown,
  sent: RefusableParts,
  signal: LightAbortSignal,
): Promise<boolean> {
  if (sent.password !== undefined && classifyFailure(error).kind === 'LOGIN_REFUSED') {
    return password!.renew(sent.password, signal);
  }
  if (!pinned || !control) return false;
  if (!(error instanceof ServerError) || error.traits.failure !== 'UNKNOWN_SETTING') return false;
  pinned.restrictTo(await control.settingNames({ signal: signal.standard }));
  // Another call may have learnt them meanwhile.
  return sent.queryString !== pinned.queryString;
}
