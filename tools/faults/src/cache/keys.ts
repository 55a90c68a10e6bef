import { keyOf, keyspaces } from '@quantumtrade/dal-domain';

export const KEY_COUNT = 8;
const { pattern } = keyspaces.featureValue;

/** The values are versions, which grow with every change of the key. */
export const VERSIONS = { ...keyspaces.featureValue, ttlSeconds: 1 };
export const partsOf = (key: number) => ({ symbol: 'S', featureName: `${key}` });
export const cached = (key: number) => keyOf(pattern, partsOf(key));

/** Where the database has the version of a key. */
export const inDatabase = (key: number) => `database:${key}`;
/** Where the writers note the version of the last change that they know to be done. */
export const done = (key: number) => `done:${key}`;

/** Written to the cache after a change is done: who is told of it has been told of the change. */
export const marker = (key: number, version: number) => `marker:${key}:${version}`;
export function changeOf(name: string): { key: number; version: number } | undefined {
  const [, key, version] = /^marker:(\d+):(\d+)$/.exec(name) ?? [];
  return version === undefined ? undefined : { key: Number(key), version: Number(version) };
}

/** Written to the cache to ask every process whether it is told of changes; who is answers in the database. */
export const question = (n: number) => `question:${n}`;
export const isQuestion = (name: string) => name.startsWith('question:');
export const answers = (name: string) => `answers:${name}`;

/** Where the database counts how often a process has asked it for a version. */
export const loadsOf = (process: string) => `loads:${process}`;
