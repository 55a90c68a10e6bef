import { setImmediate as nextTurn } from 'node:timers/promises';
import type { FeatureSet } from '@quantumtrade/dal-domain';
import type { Result } from '../bench.js';
import { compared, eachSide, inRounds, percentile } from '../bench.js';
import { collectGarbage } from '../settle.js';
import { twoLevels } from './ours.js';
import { bentocache, rawRedis } from './peers.js';
import { withSides } from './side.js';
import { featuresOf } from './values.js';
import { sized } from '../sized.js';

const ROUNDS = sized(5, 1);
const WRITES = sized(200, 5);
const GIVE_UP_MS = 5_000;
const SYMBOL = 'AAPL';

interface Reader {
  /** Stores a value over another connection. */
  write(value: FeatureSet): Promise<unknown>;
  read(): Promise<number | undefined>;
  /** The version in process; where there is none, it comes to be. */
  inProcess(): Promise<number | undefined>;
}

/**
 * From the beginning of a write over another connection until it is answered and a reader no longer gets the value that it
 * had in process. Looking all the time from the beginning on would keep the processor from the server.
 */
export async function* invalidation(url: string): AsyncGenerator<Result> {
  const sides = {
    ours: await twoLevels(url, 'told:'),
    foreign: rawRedis(url, 'told:features:'),
    bentocache: bentocache(url, 'told-bentocache', { maxItems: 10_000 }),
    other: bentocache(url, 'told-bentocache', { maxItems: 10_000 }),
  };
  yield* withSides(sides, async function* ({ ours, foreign, bentocache, other }) {
    const write = (value: FeatureSet) => foreign.set(`${SYMBOL}:latest`, value);
    const peek = async () => ours.peek(SYMBOL)?.version;
    const inProcess = async () => (await peek()) ?? (await ours.get(SYMBOL), undefined);
    const fromBento = async () => versionOf(await bentocache.get(SYMBOL));
    const readers = {
      ours: { write, read: async () => versionOf(await ours.get(SYMBOL)), inProcess },
      'ours, until dropped': { write, read: peek, inProcess },
      bentocache: {
        write: (value: FeatureSet) => other.set(SYMBOL, value),
        read: fromBento,
        inProcess: fromBento,
      },
    };
    const rounds = await inRounds(
      ROUNDS,
      eachSide<Reader, () => Promise<number[]>>(readers, (reader) => () => measure(reader)),
    );
    for (const percent of [50, 99]) {
      yield compared(
        { case: `from a write by another until it is seen: p${percent}`, unit: 'µs', note: CACHEABLE },
        eachSide(rounds, (latencies) => latencies.map((round) => percentile(round, percent / 100))),
      );
    }
  });
}

const CACHEABLE =
  'cacheable sends no invalidations by itself; bentocache receives none for writes by other clients';

const versionOf = (value: unknown) => (value as FeatureSet | undefined)?.version;

let version = 0;

async function measure({ write, read, inProcess }: Reader): Promise<number[]> {
  collectGarbage();
  const latencies: number[] = [];
  await write(featuresOf(SYMBOL, ++version));
  for (let n = 0; n < WRITES; n++) {
    await until(async () => (await inProcess()) === version);
    const next = featuresOf(SYMBOL, version + 1);
    const start = performance.now();
    await write(next);
    await until(async () => (await read()) !== version);
    latencies.push((performance.now() - start) * 1_000);
    version++;
  }
  return latencies;
}

async function until(isSo: () => Promise<boolean>): Promise<void> {
  const end = performance.now() + GIVE_UP_MS;
  while (!(await isSo())) {
    if (performance.now() > end) throw new Error('a write was not heard of');
    await nextTurn();
  }
}
