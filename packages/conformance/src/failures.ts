import { inspect } from 'node:util';
import type { DatabaseError } from '@quantumtrade/dal-domain';
import { isDatabaseError } from '@quantumtrade/dal-domain';

/** The data layer's error that a call rejects with. Throws when it succeeds, throws synchronously, or fails otherwise. */
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

/** Everything that anyone could print of an error. */
export function printedForms(error: unknown): string {
  return [
    String(error),
    error instanceof Error ? error.stack : '',
    JSON.stringify(error),
    JSON.stringify(error, Object.getOwnPropertyNames(error)),
    inspect(error, { depth: null, showHidden: true }),
  ].join('\n');
}

/** What a caller can tell a failure by. `field` is there for validation errors only. */
export interface RejectionSummary {
  code: string;
  field?: string;
}

/** How a call fails: the code (and field) of its error. Throws when it does not fail as {@link rejectionOf} wants. */
export async function summaryOfRejection(call: () => Promise<unknown>): Promise<RejectionSummary> {
  const error = await rejectionOf(call);
  return 'field' in error && typeof error.field === 'string'
    ? { code: error.code, field: error.field }
    : { code: error.code };
}

const fails = () => {
  throw new Error('cannot be read by anybody');
};

/** An object that nobody can do anything with. */
const unreadable = (): object =>
  new Proxy(
    {},
    { get: fails, has: fails, ownKeys: fails, getPrototypeOf: fails, getOwnPropertyDescriptor: fails },
  );

/** What a caller without types may give in place of anything. */
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
 * Calls with each argument replaced by junk, one after the other, and says which calls failed with anything but an error of
 * the data layer. `throwsAtOnce` says that the call returns no promise.
 */
export async function foreignFailures(
  call: (...args: unknown[]) => unknown,
  args: readonly unknown[],
  { throwsAtOnce = false } = {},
): Promise<string[]> {
  const failures: string[] = [];
  for (const position of args.keys()) {
    for (const junk of JUNK) {
      let promised = false;
      try {
        const outcome = call(...args.with(position, junk));
        promised = true;
        await outcome;
      } catch (error) {
        const isRight = isDatabaseError(error) && (promised || throwsAtOnce);
        if (!isRight) failures.push(`argument ${position} as ${nameOf(junk)}: ${String(error)}`);
      }
    }
  }
  return failures;
}

const nameOf = (junk: unknown): string =>
  typeof junk === 'object' && junk !== null && !Array.isArray(junk) ? 'an object' : inspect(junk);
