import type { Result, Sides } from '../bench.js';
import { eachSide } from '../bench.js';
import type { Latencies } from '../loads.js';
import {
  closedLoop,
  inPercentiles,
  inThroughput,
  inTurns,
  inWarmRounds,
  openLoop,
  sliceThroughput,
  warmedUp,
} from '../loads.js';
import { secondLevel, twoLevels } from './ours.js';
import { bentocache, cacheable, rawRedis } from './peers.js';
import type { LoadingSide, ManySide, CacheSide } from './side.js';
import { fill, withSides } from './side.js';
import { featureKeyspace, featuresOf } from './values.js';
import { anyOf, slices, symbolNames } from '../random.js';
import { sized } from '../sized.js';

const KEYS = sized(10_000, 500);
const ROUNDS = sized(7, 1);
const OPEN_ROUNDS = sized(9, 1);
const MANY = 500;
const HUNDRED = { callers: 100, forMs: sized(400, 10) };

/** Values that are in Redis and not in process. */
export async function* secondLevelReads(url: string): AsyncGenerator<Result> {
  const all = symbolNames(KEYS);
  const many = {
    ours: secondLevel(url, 'l2:'),
    'ours, checked by its schema': secondLevel(url, 'l2-checked:', featureKeyspace.codec),
    'ioredis and JSON': rawRedis(url, 'l2-raw:'),
    cacheable: cacheable(url, 'l2-cacheable'),
  };
  const sides: Sides<CacheSide> = { ...many, bentocache: bentocache(url, 'l2-bentocache') };
  yield* withSides(sides, async function* () {
    for (const side of Object.values(sides)) await fill(side, all);
    yield* one(sides, anyOf(all, 1 << 15));
    yield* manyAtOnce('', many, all);
  });
}

/** Values that are in Redis, through caches with both levels whose room in process is taken by other values. */
export async function* readsBeyondTheFirstLevel(url: string): AsyncGenerator<Result> {
  const all = symbolNames(KEYS);
  const many = {
    ours: await twoLevels(url, 'both:', { maxEntries: 1 }),
    cacheable: cacheable(url, 'both-cacheable', 1),
  };
  const sides: Sides<LoadingSide> = {
    ...many,
    bentocache: bentocache(url, 'both-bentocache', { maxItems: 1 }),
  };
  yield* withSides(sides, async function* () {
    for (const side of Object.values(sides)) await fill(side, all);
    const wanted = anyOf(all, 1 << 15);
    const load = () => Promise.reject(new Error('the value is there'));
    const reads = {
      get: (side: LoadingSide, symbol: string) => side.get(symbol),
      'get or load': (side: LoadingSide, symbol: string) => side.getOrLoad(symbol, load),
    };
    for (const [name, read] of Object.entries(reads)) {
      const title = `${name} beyond the first level, 100 callers`;
      const runs = await inWarmRounds(ROUNDS, HUNDRED, sides, (load, side) =>
        closedLoop(load, (n) => read(side, wanted[n % wanted.length]!)),
      );
      yield* inThroughput(title, 'reads', runs);
      yield* inPercentiles(title, runs);
    }
    yield* manyAtOnce('on both levels, ', many, all);
  });
}

async function* one(sides: Sides<CacheSide>, wanted: readonly string[]): AsyncGenerator<Result> {
  const calls = eachSide(sides, (side) => (n: number) => side.get(wanted[n % wanted.length]!));
  const rounds: Sides<Latencies>[] = [];
  while (rounds.length < ROUNDS) {
    rounds.push(await warmedUp({ forMs: sized(2_000, 10) }, (load) => inTurns(load, calls)));
  }
  yield* inPercentiles(
    'get from Redis, 1 caller',
    eachSide(sides, (_, name) => rounds.map((round) => round[name]!)),
  );

  const title = 'get from Redis, 100 callers';
  const closed = await inWarmRounds(ROUNDS, HUNDRED, calls, closedLoop);
  yield* inThroughput(title, 'reads', closed);
  yield* inPercentiles(title, closed);

  const open = await inWarmRounds(OPEN_ROUNDS, { rate: 5_000, forMs: sized(500, 20) }, calls, openLoop);
  yield* inPercentiles('get from Redis, 5,000 reads/s due', open);
}

async function* manyAtOnce(
  where: string,
  sides: Sides<ManySide>,
  all: readonly string[],
): AsyncGenerator<Result> {
  const values = all.map((symbol) => featuresOf(symbol));
  yield* inSlices(`${where}getMany`, sides, all, (side, symbols) => side.getMany(symbols));
  yield* inSlices(`${where}setMany`, sides, values, (side, values) => side.setMany(values));
}

async function* inSlices<T>(
  name: string,
  sides: Sides<ManySide>,
  all: readonly T[],
  call: (side: ManySide, slice: readonly T[]) => Promise<unknown>,
): AsyncGenerator<Result> {
  const runs = await inWarmRounds(ROUNDS, { callers: 1, forMs: sized(300, 10) }, sides, (load, side) =>
    sliceThroughput(load, slices(all, MANY), (slice) => call(side, slice)),
  );
  yield* inThroughput(`${name} of ${MANY}, 1 caller`, 'keys', runs);
}
