import type { Result, Sides } from '../bench.js';
import { closedLoop, inPercentiles, inThroughput, inWarmRounds } from '../loads.js';
import { twoLevels } from './ours.js';
import { bentocache, cacheable } from './peers.js';
import type { LoadingSide } from './side.js';
import { withSides } from './side.js';
import { featuresOf } from './values.js';
import { sized } from '../sized.js';

const ROUNDS = sized(5, 1);
const IN_PROCESS = 10_000;
const LOAD = { callers: 100, forMs: sized(400, 10) };

/** Keys that have not been read before, with a loader that answers at once. */
export async function* misses(url: string): AsyncGenerator<Result> {
  const sides: Sides<LoadingSide> = {
    ours: await twoLevels(url, 'misses:', { maxEntries: IN_PROCESS }),
    bentocache: bentocache(url, 'misses-bentocache', { maxItems: IN_PROCESS }),
    cacheable: cacheable(url, 'misses-cacheable', IN_PROCESS),
  };
  yield* withSides(sides, async function* () {
    let count = 0;
    const title = 'miss and load, 100 callers';
    const runs = await inWarmRounds(ROUNDS, LOAD, sides, (load, side) =>
      closedLoop(load, () => {
        const symbol = `NEW${count++}`;
        return side.getOrLoad(symbol, () => Promise.resolve(featuresOf(symbol)));
      }),
    );
    yield* inThroughput(title, 'loads', runs);
    yield* inPercentiles(title, runs);
  });
}
