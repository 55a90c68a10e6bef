import type { CallOptions } from '@quantumtrade/dal-domain';
import type { Hedge } from '@quantumtrade/dal-runtime';
import type { CompleteSettings } from '../settings.js';
import { Call } from './call.js';
import type { PoolSource } from './connection-pool.js';
import type { Statement } from './statement.js';

/**
 * Runs a read by a call, and where it is slow by a second one at another endpoint. The second makes one attempt, and has the deadline of
 * the first. The call that loses is aborted, which kills its query.
 */
export function runHedged<T>(
  hedge: Hedge,
  pools: PoolSource,
  retry: CompleteSettings['retry'],
  statement: Statement,
  options: CallOptions = {},
  run: (call: Call) => Promise<T>,
): Promise<T> {
  let first: Call;
  return hedge.run(
    (signal) => {
      first = new Call(pools, retry, statement, { ...options, signal: signal.standard });
      return run(first);
    },
    () => {
      const { pool, deadline } = first;
      const { purpose, accepts } = statement;
      if (!pool || !pools.hasUntried?.({ purpose, tried: [pool], accepts })) return undefined;
      return (signal) => {
        const limits = { ...options, signal: signal.standard, deadline: deadline.at };
        return run(new Call(pools, { ...retry, maxAttempts: 1 }, statement, limits, pool));
      };
    },
    options.signal,
  );
}
