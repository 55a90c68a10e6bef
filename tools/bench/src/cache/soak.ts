import type { Bench, Result } from '../bench.js';
import { spread } from '../bench.js';
import { collectGarbage } from '../settle.js';
import { sliceThroughput } from '../loads.js';
import { twoLevels } from './ours.js';
import { rawRedis } from './peers.js';
import type { RedisServer } from './redis-server.js';
import { withSides } from './side.js';
import { featuresOf } from './values.js';
import { anyOf, slices, symbolNames, zipf } from '../random.js';
import { sized } from '../sized.js';

const KEYS = sized(100_000, 1_000);
const IN_PROCESS = sized(10_000, 100);
const READS = sized(1 << 17, 1 << 10);
/** Short enough for values to end again and again. */
const TTL_SECONDS = 20;
const FOREIGN_WRITE_EVERY_MS = 2;
const WINDOW_SECONDS = sized(5, 0.2);
/** Counted is what comes after these windows, unless they are all there is. */
const WARM_UP_WINDOWS = 6;
const LOAD = { callers: 100, forMs: WINDOW_SECONDS * 1_000 };

/** Reads with loads, expiry, eviction and writes by a foreign client, through one cache on both levels, for a time. */
export const soak: Bench<RedisServer> = async function* ({ url }, { seconds = sized(300, 0.4) }) {
  const options = { maxEntries: IN_PROCESS, ttlSeconds: TTL_SECONDS, jitter: 0.2 };
  const sides = { ours: await twoLevels(url, 'soak:', options), foreign: rawRedis(url, 'soak:features:') };
  yield* withSides(sides, async function* ({ ours, foreign }) {
    const wanted = slices(zipf(symbolNames(KEYS), READS), 50);
    const written = anyOf(symbolNames(IN_PROCESS), READS);
    let writes = 0;
    const writer = setInterval(() => {
      const symbol = written[writes++ % READS]!;
      void foreign.set(`${symbol}:latest`, featuresOf(symbol, writes));
    }, FOREIGN_WRITE_EVERY_MS);
    const rates: number[] = [];
    const heaps: number[] = [];
    const residents: number[] = [];
    for (let left = seconds; left > 0; left -= WINDOW_SECONDS) {
      const { perSecond } = await sliceThroughput(LOAD, wanted, async (slice) => {
        for (const symbol of slice) await ours.getOrLoad(symbol, () => Promise.resolve(featuresOf(symbol)));
      });
      collectGarbage();
      const { heapUsed, rss } = process.memoryUsage();
      rates.push(perSecond);
      heaps.push(heapUsed / 2 ** 20);
      residents.push(rss / 2 ** 20);
    }
    clearInterval(writer);
    const warmUp = rates.length > WARM_UP_WINDOWS ? WARM_UP_WINDOWS : 0;
    const result = (title: string, unit: string, figures: number[], note = ''): Result => {
      const ours = spread(figures.slice(warmUp));
      return {
        case: `${title}, windows of ${WINDOW_SECONDS} s`,
        unit,
        ours,
        peers: {},
        ...(note && { note }),
      };
    };
    yield result('reads', 'reads/s', rates, `${writes.toLocaleString('en-US')} writes by a foreign client`);
    yield result('heap after collecting garbage', 'MiB', heaps, flatness(heaps.slice(warmUp)));
    yield result('resident memory', 'MiB', residents, flatness(residents.slice(warmUp)));
  });
};

/** How far figures over time are from their median, and whether they grow. */
function flatness(figures: readonly number[]): string {
  const { min, median, max } = spread(figures);
  const percent = (part: number) => `${((100 * part) / median).toFixed(1)} %`;
  return (
    `${figures[0]!.toFixed(1)} at first, ${figures.at(-1)!.toFixed(1)} at last; ` +
    `at most ${percent(Math.max(max - median, median - min))} from the median`
  );
}
