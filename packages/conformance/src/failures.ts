import { inspect } from 'node:util';
import type { DatabaseError } from '@quantumtrade/dal-domain';
import { isDatabaseError } from '@quantumtrade/dal-domain';

/** Returns the `DatabaseError` that a call rejects with. Throws when the call succeeds, throws synchronously or fails otherwise. */
export async function rejectionOf(call: () => Promise<unknown>): Promise<DatabaseError> {
  const pending = call();
  try {
    await pending;
  } catch (error) {
    if (isDatabaseError(error)) return error;
    throw error;
  }
  throw new Error('the call should have failed');
}

/** Returns all printed forms of an error as one text. */
export function printedForms(error: unknown): string {
  return [
    String(error),
    error instanceof Error ? error.stack : '',
    JSON.stringify(error),
    JSON.stringify(error, Object.getOwnPropertyNames(error)),
    inspect(error, { depth: null, showHidden: true }),
  ].join('\n');
}

/** Summary of a failure. Only validation errors have a `field`. */
export interface RejectionSummary {
  code: string;
  field?: string;
}

/** Returns the code (and field) of the error that a call rejects with. Throws like {@link rejectionOf}. */
export async function summaryOfRejection(call: () => Promise<unknown>): Promise<RejectionSummary> {
  const error = await rejectionOf(call);
  return 'field' in error && typeof error.field === 'string'
    ? { code: error.code, field: error.field }
    : { code: error.code };
}

const fails = () => {
  throw new Error('cannot be read by anybody');
};

/** Creates a proxy on which every operation throws. */
const unreadable = (): object =>
  new Proxy(
    {},
    { get: fails, has: fails, ownKeys: fails, getPrototypeOf: fails, getOwnPropertyDescriptor: fails },
  );

/** Wrong values that a caller without types may pass for any argument. */
const JUNK: readonly unknown[] = [
  undefined,
  null,
  true,
  7,
  -1,
  0.5,
  NaN,
  '',
  'junk',
  1n,
  Symbol('junk'),
  [],
  [null],
  {},
  { junk: 1 },
  () => 1,
  new Map([['symbol', 'A']]),
  new Date(NaN),
  Object.defineProperty({}, 'symbol', { enumerable: true, get: fails }),
  unreadable(),
];

/**
 * Calls with each argument replaced by junk, one after the other, and returns the calls that failed with anything but an error of
 * the data layer. Set `throwsAtOnce` for a call that returns no promise.
 */
export async function foreignFailures(
  call: (...args: unknown[]) => unknown,
  args: readonly unknown[],
  { throwsAtOnce = false } = {},
): Promise<string[]> {
  const failures: string[] = [];
  for (const position of args.keys()) {
    for (const junk of JUNK) {
      let hasReturned = false;
      try {
        const outcome = call(...args.with(position, junk));
        hasReturned = true;
        await outcome;
      } catch (error) {
        const isRight = isDatabaseError(error) && (hasReturned || throwsAtOnce);
        if (!isRight) failures.push(`argument ${position} as ${nameOf(junk)}: ${String(error)}`);
      }
    }
  }
  return failures;
}

const nameOf = (junk: unknown): string =>
  typeof junk === 'object' && junk !== null && !Array.isArray(junk) ? 'an object' : inspect(junk);
