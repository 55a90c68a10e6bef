import { keyOf, keyspaces } from '@quantumtrade/dal-domain';

export const KEY_COUNT = 8;
export const KEYS: readonly number[] = Array.from({ length: KEY_COUNT }, (_, key) => key);
const { pattern } = keyspaces.featureValue;

/** The values are versions, which grow with every change of the key. */
export const VERSIONS = { ...keyspaces.featureValue, ttlSeconds: 1 };
/** Whatever is written about a key is in a cluster where the key is. */
const tag = (key: number) => `{${key}}`;
export const partsOf = (key: number) => ({ symbol: 'S', featureName: tag(key) });
export const cached = (key: number) => keyOf(pattern, partsOf(key));

/** Where the database has the version of a key; a negative one says that there is no value since that version. */
export const inDatabase = (key: number) => `database:${key}`;
/** Where the database has the last version of a key in which there was no value. */
export const absentInDatabase = (key: number) => `absent:${key}`;
/** Where the writers note the version of the last change that they know to be done. */
export const done = (key: number) => `done:${key}`;

/** Written to the cache after a change is done: who is told of it has been told of the change. */
export const marker = (key: number, version: number) => `marker:${tag(key)}:${version}`;
export function changeOf(name: string): { key: number; version: number } | undefined {
  const [, key, version] = /^marker:\{(\d+)\}:(\d+)$/.exec(name) ?? [];
  return version === undefined ? undefined : { key: Number(key), version: Number(version) };
}

/** Written to the cache to ask every process whether it is told of changes of a key; who is answers in the database. */
export const question = (key: number, n: number) => `question:${tag(key)}:${n}`;
export const isQuestion = (name: string) => name.startsWith('question:');
export const answers = (name: string) => `answers:${name}`;

/** Where the database has the latest notice to all processes, as JSON; who has read one says so. */
export const NOTICE = 'notice';
export const readersOf = (notice: number) => `notice:${notice}`;
export interface Notice {
  readonly n: number;
  /** Keys of whose changes nobody can be told, because their server is down. */
  readonly untold: readonly number[];
}

/** Where the database counts how often a process has asked it for a version. */
export const loadsOf = (process: string) => `loads:${process}`;
