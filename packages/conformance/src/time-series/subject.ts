import type { TimeSource, QueryResult, TimeSeriesBackend } from '@quantumtrade/dal-domain';
import type { TestRunner } from '../runner.js';

/** A backend of its own with its schema, and the way to end it. */
export interface TimeSeriesSubject {
  readonly backend: TimeSeriesBackend;
  /** Ends the backend and removes what it stored. */
  close(): Promise<void>;
}

/** Opens an empty, initialized backend that nothing else uses, by the system's clock unless another one is given. */
export type OpenTimeSeries = (options?: { readonly clock?: TimeSource }) => Promise<TimeSeriesSubject>;

/** Describes tests that share one backend; each uses names or days of its own. */
export function describeSubject(
  runner: TestRunner,
  open: OpenTimeSeries,
  name: string,
  tests: (backend: () => TimeSeriesBackend) => void,
  options?: Parameters<OpenTimeSeries>[0],
): void {
  runner.describe(name, () => {
    let subject: TimeSeriesSubject;
    runner.beforeAll(async () => {
      subject = await open(options);
    });
    runner.afterAll(() => subject.close());
    tests(() => subject.backend);
  });
}

export const MINUTE = 60_000;
export const DAY = 86_400_000;

let names = 0;

/** A name that no other test uses. */
export const uniqueName = (prefix = 'S'): string => `${prefix}${++names}`;

/** Midnight of a day in UTC that no other test uses, from 2001 on. */
export const uniqueDay = (): number => Date.UTC(2001, 0, 1) + ++names * 2 * DAY;

/** Everything of an answer that does not depend on how long it took. */
export function answer<T>({
  data,
  totalCount,
  cacheHit,
}: QueryResult<T>): Omit<QueryResult<T>, 'executionTimeMs'> {
  return { data, totalCount, cacheHit };
}

/** A value that the types do not allow, as a caller without types would give it. */
export const untyped = <T>(value: unknown): T => value as T;

/** Names that are easy to get wrong: astral, combining, right to left, CJK, quotes, and names that objects have themselves. */
export const TRICKY_NAMES = [
  'BRK.B',
  '^GSPC',
  "O'Neil",
  'a"b',
  'back\\slash',
  '100%',
  '日経平均',
  'Ärzte',
  'A\u0308rzte',
  '🚀',
  '𝒜',
  '\uff21',
  'שלום',
  '__proto__',
  'constructor',
  'toString',
  'latest',
  'null',
  '{x:String}',
];

/** Orders as UTF-8 bytes do. */
export const byUtf8 = (a: string, b: string): number => Buffer.compare(Buffer.from(a), Buffer.from(b));
