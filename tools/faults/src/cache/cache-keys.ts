import { keyOf, keyspaces } from '@quantumtrade/dal-domain';

export const KEY_COUNT = 8;
export const KEY_NUMBERS: readonly number[] = Array.from({ length: KEY_COUNT }, (_, key) => key);
const { pattern } = keyspaces.featureValue;

/** Keyspace whose values are versions, which grow with every change of a key. */
export const VERSIONS = { ...keyspaces.featureValue, ttlSeconds: 1 };
/** Hash tag, so that all names of a key are in the same slot of a cluster. */
const tag = (key: number) => `{${key}}`;
export const keyParts = (key: number) => ({ symbol: 'S', featureName: tag(key) });
export const cached = (key: number) => keyOf(pattern, keyParts(key));

/** Database name of a key's version. A negative version means that there is no value since then. */
export const inDatabase = (key: number) => `database:${key}`;
/** Database name of the last version of a key without a value. */
export const absentInDatabase = (key: number) => `absent:${key}`;
/** Database name of the version of the last completed change. */
export const completed = (key: number) => `done:${key}`;

/** Cache name written after a completed change: its invalidation implies that of the change. */
export const marker = (key: number, version: number) => `marker:${tag(key)}:${version}`;
/** Parses the name of a marker. */
export function parseMarker(name: string): { key: number; version: number } | undefined {
  const [, key, version] = /^marker:\{(\d+)\}:(\d+)$/.exec(name) ?? [];
  return version === undefined ? undefined : { key: Number(key), version: Number(version) };
}

/** Cache name written to probe which processes receive invalidations of a key. They answer in the database. */
export const probeName = (key: number, n: number) => `question:${tag(key)}:${n}`;
export const isProbe = (name: string) => name.startsWith('question:');
export const probeAnswers = (name: string) => `answers:${name}`;

/** Database name of the latest notice to all processes, as JSON. Its readers add themselves to a set. */
export const NOTICE = 'notice';
export const readersOf = (notice: number) => `notice:${notice}`;
export interface Notice {
  readonly n: number;
  /** Keys without invalidations because their server is down. */
  readonly unreachableKeys: readonly number[];
}

/** Database name of the number of loads by a process. */
export const loadsOf = (process: string) => `loads:${process}`;
