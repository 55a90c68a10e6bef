import type { CallOptions } from '@quantumtrade/dal-domain';
import type { CompleteSettings } from '../settings.js';
import type { Answer } from './body.js';
import { Call } from './call.js';
import type { PoolSource } from './connection-pool.js';
import { runHedged } from './hedged-call.js';
import type { Statement } from './statement.js';

/**
 * Makes attempts until one succeeds, within the call's deadline.
 *
 * @param given call to run @default a new one, which may be hedged
 */
export async function runStatement<T>(
  pools: PoolSource,
  retry: CompleteSettings['retry'],
  statement: Statement,
  options: CallOptions | undefined,
  read: (answer: Answer, call: Call) => Promise<T>,
  given?: Call,
): Promise<T> {
  const { hedges, only } = pools;
  if (hedges && !given && !only && statement.purpose === 'read') {
    const run = (call: Call) => runStatement(pools, retry, statement, options, read, call);
    return runHedged(hedges.of(statement.operation), pools, retry, statement, options, run);
  }
  const call = given ?? new Call(pools, retry, statement, options);
  try {
    for (;;) {
      try {
        const result = await read(await call.open(), call);
        call.succeed();
        return result;
      } catch (error) {
        await call.waitToRetry(call.fail(error));
      }
    }
  } finally {
    call.end();
  }
}
