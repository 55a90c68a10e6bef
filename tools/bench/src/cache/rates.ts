import type { Result, Sides } from '../bench.js';
import { inPercentiles, inWarmRounds, ofRounds, openLoop } from '../loads.js';
import { twoLevels } from './ours.js';
import { bentocache, cacheable } from './peers.js';
import type { CacheSide } from './side.js';
import { fill, withSides } from './side.js';
import { symbolNames, zipf } from '../random.js';
import { sized } from '../sized.js';

const ROUNDS = sized(9, 1);
const FOR_MS = sized(1_000, 10);
const KEYS = sized(10_000, 200);
const READS = sized(1 << 17, 1 << 10);

/** Reads of values in process that are due at a fixed rate; peers only at one that they can come near to. */
export async function* hitsAtFixedRates(url: string): AsyncGenerator<Result> {
  const memory = { maxItems: KEYS };
  const ours = () => twoLevels(url, 'rates:', { maxEntries: KEYS });
  yield* at(1_000_000, { ours: await ours(), 'a promise, no cache': atOnce });
  yield* at(100_000, {
    ours: await ours(),
    bentocache: bentocache(url, 'rates-bentocache', memory),
    'bentocache, serialize: false': bentocache(url, 'rates-shared', { ...memory, serialize: false }),
    cacheable: cacheable(url, 'rates-cacheable', KEYS),
  });
}

/** A bare promise: the latency of the machine and the load itself. */
const atOnce: CacheSide = {
  get: () => Promise.resolve(true),
  set: async () => undefined,
  delete: async () => undefined,
  close: async () => undefined,
};

async function* at(rate: number, sides: Sides<CacheSide>): AsyncGenerator<Result> {
  yield* withSides(sides, async function* () {
    const all = symbolNames(KEYS);
    for (const side of Object.values(sides)) await fill(side, all);
    const wanted = zipf(all, READS);
    const runs = await inWarmRounds(ROUNDS, { rate, forMs: FOR_MS }, sides, (load, side) =>
      openLoop(load, (n) => side.get(wanted[n % READS]!)),
    );
    const title = `Zipf, 10,000 keys, all in process, ${rate.toLocaleString('en-US')} reads/s due`;
    yield ofRounds({ case: `${title}: answered`, unit: 'reads/s' }, runs, ({ perSecond }) => perSecond);
    yield* inPercentiles(title, runs);
  });
}
