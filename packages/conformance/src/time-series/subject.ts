import type { Page, QueryResult, TimeSeriesBackend, TimeSource } from '@quantumtrade/dal-domain';
import type { TestRunner } from '../runner.js';

/** A backend under test with its own schema. */
export interface TimeSeriesSubject {
  readonly backend: TimeSeriesBackend;
  /** Closes the backend and removes its data. */
  close(): Promise<void>;
}

/** Opens an empty, initialized backend for one suite. The clock defaults to the system's clock. */
export type OpenTimeSeries = (options?: { readonly clock?: TimeSource }) => Promise<TimeSeriesSubject>;

/** Declares tests that share one backend. Each test uses its own names or days. */
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

/** Returns a name that no other test uses. */
export const uniqueName = (prefix = 'S'): string => `${prefix}${++names}`;

/** Returns midnight in UTC of a day, from 2001 on, that no other test uses. */
export const uniqueDay = (): number => Date.UTC(2001, 0, 1) + ++names * 2 * DAY;

/** Returns the rows of an answer, their number and whether they were cached. */
export function answer<T>({
  data,
  totalCount,
  cacheHit,
}: QueryResult<T> | Page<T>): Pick<Page<T>, 'data' | 'totalCount' | 'cacheHit'> {
  return { data, totalCount, cacheHit };
}

/** Returns a value as a type that it may not have, like a caller without types. */
export const untyped = <T>(value: unknown): T => value as T;

/** Awkward names: astral, combining, right to left, CJK, quotes and names of object members. */
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

/** Compares two texts by their UTF-8 bytes. */
export const byUtf8 = (a: string, b: string): number => Buffer.compare(Buffer.from(a), Buffer.from(b));
