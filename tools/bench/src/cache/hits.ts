import type { Result, Sides } from '../bench.js';
import { eachSide } from '../bench.js';
import { inThroughput, inWarmRounds, sliceThroughput } from '../loads.js';
import type { TwoLevels } from './ours.js';
import { twoLevels } from './ours.js';
import { bentocache, cacheable } from './peers.js';
import type { CacheSide } from './side.js';
import { fill, store, withSides } from './side.js';
import { anyOf, slices, symbolNames, zipf } from '../random.js';
import { sized } from '../sized.js';

const ROUNDS = sized(5, 1);
const READS = sized(1 << 17, 1 << 10);
const IN_PROCESS = sized(10_000, 100);

interface HitSides extends Sides<CacheSide> {
  readonly ours: TwoLevels;
}

/** Values that are in process, and such that are there as far as there is room. */
export async function* hits(url: string): AsyncGenerator<Result> {
  const memory = { maxItems: IN_PROCESS };
  const mixed: HitSides = {
    ours: await twoLevels(url, 'hits:', { maxEntries: IN_PROCESS }),
    bentocache: bentocache(url, 'hits-bentocache', memory),
    cacheable: cacheable(url, 'hits-cacheable', IN_PROCESS),
  };
  const inProcess: HitSides = {
    ...mixed,
    'bentocache, serialize: false': bentocache(url, 'hits-shared', { ...memory, serialize: false }),
  };
  yield* withSides(inProcess, async function* () {
    const all = symbolNames(10 * IN_PROCESS);
    for (const side of Object.values(mixed)) await store(side, all);
    const fitting = all.slice(0, IN_PROCESS);
    for (const side of Object.values(inProcess)) await fill(side, fitting);

    const one = { callers: 1, forMs: sized(300, 10) };
    const hundred = { callers: 100, forMs: sized(400, 10) };
    yield* reads('hits in process, 1 caller', one, anyOf(fitting.slice(-IN_PROCESS / 10), READS), inProcess);
    const fits = 'Zipf, 10,000 keys, all in process, 100 callers';
    yield* reads(fits, hundred, zipf(fitting, READS), inProcess);
    const tenth = 'Zipf, 100,000 keys, 10,000 of them in process, 100 callers';
    yield* reads(tenth, hundred, zipf(all, READS), mixed);
  });
}

/** Few enough that callers of a slower side do not end long after each other. */
const SLICE = 50;

async function* reads(
  title: string,
  load: { callers: number; forMs: number },
  wanted: readonly string[],
  sides: HitSides,
): AsyncGenerator<Result> {
  const read = (side: CacheSide) => async (slice: readonly string[]) => {
    for (const symbol of slice) await side.get(symbol);
  };
  const peek = async (slice: readonly string[]) => {
    for (const symbol of slice) if (!sides.ours.peek(symbol)) await sides.ours.get(symbol);
  };
  const taken = slices(wanted, SLICE);
  const works = { ...eachSide(sides, read), 'ours, peek before get': peek };
  const runs = await inWarmRounds(ROUNDS, load, works, (load, work) => sliceThroughput(load, taken, work));
  yield* inThroughput(title, 'reads', runs);
}
