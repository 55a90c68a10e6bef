import { inspect } from 'node:util';
import { isDatabaseError } from '@quantumtrade/dal-domain';

const fails = () => {
  throw new Error('cannot be read by anybody');
};

/** An object that nobody can do anything with. */
export const unreadable = (): object =>
  new Proxy(
    {},
    { get: fails, has: fails, ownKeys: fails, getPrototypeOf: fails, getOwnPropertyDescriptor: fails },
  );

/** What a caller without types may give in place of anything. */
export const JUNK: readonly unknown[] = [
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
