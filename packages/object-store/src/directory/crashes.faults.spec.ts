import { Random, seeds, SimulatedDisk } from '@quantumtrade/dal-testing';
import { DirectoryObjectStore } from './directory-object-store.js';

const KEYS = ['a/b', 'a/c', 'd'];

/** Contents that a key may have after a crash: what was acknowledged last, or any later put or deletion that was not. */
type Allowed = Map<string, (string | undefined)[]>;

const text = (bytes: Uint8Array | undefined) => bytes && Buffer.from(bytes).toString('hex');

/** Puts and deletes until the disk fails or loses its power. */
async function run(store: DirectoryObjectStore, random: Random, allowed: Allowed): Promise<void> {
  for (let i = 0; i < 30; i++) {
    const key = random.pick(KEYS);
    const bytes = random.chance(0.2) ? undefined : random.bytes(1 + random.below(200));
    const before = allowed.get(key) ?? [undefined];
    allowed.set(key, [...before, text(bytes)]);
    await (bytes ? store.put(key, bytes) : store.deleteMany([key])).then(
      () => allowed.set(key, [text(bytes)]),
      () => undefined,
    );
  }
}

for (const seed of seeds(100)) {
  it(`has whole acknowledged objects after power failures (QT_SEED=${seed})`, async () => {
    const random = new Random(seed);
    const disk = new SimulatedDisk(random);
    const allowed: Allowed = new Map();
    const openStore = () => new DirectoryObjectStore('/store', { fs: disk.fs, maxAttempts: 1 });
    for (let crashes = 0; crashes < 3; crashes++) {
      disk.operationsLeft = 20 + random.below(200);
      Object.assign(disk.faults, { shortWrite: 0.2, writeError: 0.02, syncError: 0.02, renameError: 0.02 });
      disk.faults.directorySyncError = 0.02;
      await run(openStore(), random, allowed);
      disk.crash();
      Object.assign(disk.faults, { writeError: 0, syncError: 0, renameError: 0, directorySyncError: 0 });
      const store = openStore();
      for (const key of KEYS) {
        const found = text(await store.get(key));
        expect(allowed.get(key) ?? [undefined]).toContain(found);
        allowed.set(key, [found]);
      }
    }
  });
}
