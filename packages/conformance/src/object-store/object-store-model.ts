import type { ObjectStore } from '@quantumtrade/dal-domain/operations';
import fc from 'fast-check';
import { collect } from '../time-series/method-cases.js';
import type { ModelTestSettings } from '../time-series/model.js';
import type { TestRunner } from '../runner.js';
import type { OpenObjectStoreFactory } from './open-object-store.js';

/** Keys of which none is the folder of another. */
const KEYS = ['a-b', 'a.b', 'a/b', 'a/b-c', 'a/b.c', 'a/c/d', 'a/c/d0', 'a0/b', 'B', 'b/c'];
const PREFIXES = ['', 'a', 'a/', 'a/b', 'a/c/', 'b', 'z'];

type Operation =
  | { readonly put: string; readonly bytes: Uint8Array }
  | { readonly get: string }
  | { readonly list: string }
  | { readonly deleteMany: string[] };

const key = fc.constantFrom(...KEYS);
const operations = fc.array(
  fc.oneof(
    { weight: 4, arbitrary: fc.record({ put: key, bytes: fc.uint8Array({ maxLength: 20 }) }) },
    { weight: 2, arbitrary: fc.record({ get: key }) },
    { weight: 2, arbitrary: fc.record({ list: fc.constantFrom(...PREFIXES) }) },
    { weight: 1, arbitrary: fc.record({ deleteMany: fc.array(key, { maxLength: 4 }) }) },
  ),
  { minLength: 5, maxLength: 30 },
);

/**
 * Runs the same random calls on a map and on an object store, and compares every answer. The test's name contains its seed, which
 * `QT_SEED` repeats; `QT_RUNS` overrides the number of runs.
 */
export function objectStoreModelTest(
  { it, expect }: TestRunner,
  open: OpenObjectStoreFactory,
  settings: ModelTestSettings = {},
): void {
  const numRuns = Number(process.env['QT_RUNS'] ?? settings.runs ?? 20);
  const seed = Number(process.env['QT_SEED'] ?? settings.seed ?? Math.floor(Math.random() * 2 ** 31));

  it(
    `every answer equals the map's (${numRuns} runs, QT_SEED=${seed})`,
    () =>
      fc.assert(
        fc.asyncProperty(operations, async (sequence) => {
          const map = new Map<string, Uint8Array>();
          const { store, close } = await open();
          try {
            for (const operation of [...sequence, { list: '' }]) {
              expect(await performOn(store, operation)).toEqual(performOnMap(map, operation));
            }
          } finally {
            await close();
          }
        }),
        { numRuns, seed },
      ),
    60_000 + numRuns * 5_000,
  );
}

type Answer = readonly string[] | string | undefined;

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

async function performOn(store: ObjectStore, operation: Operation): Promise<Answer> {
  if ('put' in operation) await store.put(operation.put, operation.bytes);
  else if ('deleteMany' in operation) await store.deleteMany(operation.deleteMany);
  else if ('list' in operation) {
    const objects = await collect(store.list(operation.list));
    return objects.map(({ key, size }) => `${key} ${size}`);
  } else {
    const bytes = await store.get(operation.get);
    return bytes && hex(bytes);
  }
  return undefined;
}

function performOnMap(map: Map<string, Uint8Array>, operation: Operation): Answer {
  if ('put' in operation) map.set(operation.put, operation.bytes);
  else if ('deleteMany' in operation) for (const key of operation.deleteMany) map.delete(key);
  else if ('list' in operation) {
    const keys = [...map.keys()].filter((key) => key.startsWith(operation.list)).sort();
    return keys.map((key) => `${key} ${map.get(key)!.length}`);
  } else {
    const bytes = map.get(operation.get);
    return bytes && hex(bytes);
  }
  return undefined;
}
