import { marketData } from '@quantumtrade/dal-domain';
import { BlockKeys } from './block-keys.js';
import { InFlightWrites } from './in-flight.js';

/** Returns the keys of bars of one symbol at these instants. */
function keysOf(symbol: string, timestamps: readonly number[], version = 1n): BlockKeys {
  const columns: Readonly<Record<string, (row: number) => unknown>> = {
    symbol: () => symbol,
    timestamp: (row) => timestamps[row],
    source: () => 'vendor',
    written_at: () => version,
  };
  const column = (name: string) => ({ at: columns[name]! });
  return new BlockKeys(marketData, [{ rowCount: timestamps.length, column }]);
}

const isSettled = async (promise: Promise<unknown>): Promise<boolean> =>
  (await Promise.race([promise.then(() => true), new Promise((resolve) => setImmediate(resolve, false))])) ===
  true;

it('finds only earlier writes with a key in common', async () => {
  const writes = new InFlightWrites();
  const [first, other, between] = [keysOf('A', [1, 3]), keysOf('B', [1]), keysOf('A', [2])].map(
    (keys) => writes.begin([keys])[0]!,
  );
  const [last] = writes.begin([() => Promise.resolve(keysOf('A', [3, 4]))]);
  expect(await last!.conflicts()).toEqual([first]);
  expect(await between!.conflicts()).toEqual([]);
  expect(first!.hasEarlier).toBe(false);
  expect(other!.hasEarlier).toBe(true);
});

it('compares no two writes of one call', async () => {
  const [, second] = new InFlightWrites().begin([keysOf('A', [1]), keysOf('A', [1])]);
  expect(second!.hasEarlier).toBe(false);
});

it('returns the versions of a write once it is stored', async () => {
  const [write] = new InFlightWrites().begin([keysOf('A', [1], 7n)]);
  const versions = write!.storedVersions();
  write!.endLookup();
  expect(await isSettled(versions)).toBe(false);
  write!.end(true);
  write!.end(false);
  expect([...(await versions).values()]).toEqual([7n]);
});

it('returns no versions of a failed write', async () => {
  const [write] = new InFlightWrites().begin([keysOf('A', [1])]);
  const [lookedUp, versions] = [write!.lookedUp(), write!.storedVersions()];
  expect(await isSettled(lookedUp)).toBe(false);
  write!.end(false);
  await lookedUp;
  expect((await versions).size).toBe(0);
});

it('forgets a write that has ended', () => {
  const writes = new InFlightWrites();
  const [write] = writes.begin([keysOf('A', [1])]);
  write!.end(true);
  expect(writes.begin([keysOf('A', [1])])[0]!.hasEarlier).toBe(false);
});

it('keeps the bytes of an ended write until later writes are compared', async () => {
  const writes = new InFlightWrites();
  const [write] = writes.begin([keysOf('A', [1])]);
  let giveKeys = (_keys: BlockKeys): void => undefined;
  const [later] = writes.begin([() => new Promise<BlockKeys>((resolve) => (giveKeys = resolve))]);
  const conflicts = later!.conflicts();
  write!.end(true);
  const released = write!.released();
  expect(await isSettled(released)).toBe(false);
  giveKeys(keysOf('A', [1]));
  expect(await conflicts).toEqual([write]);
  expect(await isSettled(released)).toBe(true);
});
