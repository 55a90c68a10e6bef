import type { Result, Sides } from '../bench.js';
import { closedLoop, inPercentiles, inThroughput, inWarmRounds } from '../loads.js';
import { twoLevels } from './ours.js';
import { bentocache, cacheable } from './peers.js';
import type { CacheSide } from './side.js';
import { fill, withSides } from './side.js';
import { featuresOf } from './values.js';
import { symbolNames } from '../random.js';
import { sized } from '../sized.js';

const ROUNDS = sized(5, 1);
const KEYS = sized(15_000, 300);
/** A key is deleted once: there is less to do for one that is not there. */
const LOAD = { callers: 100, forMs: sized(2_000, 50), atMost: KEYS };

/** Values that are on both levels are set again, or deleted. */
export async function* writes(url: string): AsyncGenerator<Result> {
  const sides: Sides<CacheSide> = {
    ours: await twoLevels(url, 'writes:', { maxEntries: KEYS }),
    bentocache: bentocache(url, 'writes-bentocache', { maxItems: KEYS }),
    cacheable: cacheable(url, 'writes-cacheable', KEYS),
  };
  yield* withSides(sides, async function* () {
    const all = symbolNames(KEYS);
    const values = all.map((symbol) => featuresOf(symbol));
    const calls = {
      set: (side: CacheSide, n: number) => side.set(all[n % KEYS]!, values[n % KEYS]!),
      delete: (side: CacheSide, n: number) => side.delete(all[n % KEYS]!),
    };
    for (const [name, call] of Object.entries(calls)) {
      const runs = await inWarmRounds(ROUNDS, LOAD, sides, async (load, side) => {
        await fill(side, all);
        return closedLoop(load, (n) => call(side, n));
      });
      yield* inThroughput(`${name} on both levels, 100 callers`, 'writes', runs);
      yield* inPercentiles(`${name} on both levels, 100 callers`, runs);
    }
  });
}
