/** A process many of whose callers want the same missing key at the same time as those of other processes; prints what each got. */
import { setTimeout as delay } from 'node:timers/promises';
import { CoherentCache } from '@quantumtrade/dal-cache';
import { keyspaces } from '@quantumtrade/dal-domain';
import { connectRedis } from '@quantumtrade/dal-redis';
import { Redis } from 'ioredis';

/** What became of one key in one process, as JSON. */
export interface Stampede {
  readonly loads: number;
  /** The different values that callers got. */
  readonly values: readonly (number | null)[];
  /** What a caller gets when all is over. */
  readonly afterwards: number | null;
}

const WAVES = 4;
/** The second level is busy, not down. */
const PATIENT = 60_000;

const [url = '', processes = '', callers = '', rounds = '', onceInCluster = ''] = process.argv.slice(2);
const redis = new Redis(url, { retryStrategy: () => null });
redis.on('error', () => undefined).on('end', () => process.exit());
const backend = connectRedis({ url });
const cache = new CoherentCache(backend, { budgetMs: PATIENT });
const values = cache.keyspace(keyspaces.featureValue, {
  onceInCluster: onceInCluster === 'true',
  loadTimeoutMs: PATIENT,
});

/** Resolves when every process is there. */
async function together(place: string): Promise<void> {
  await redis.incr(place);
  while ((await redis.get(place)) !== processes) await delay(1);
}

async function stampede(round: number): Promise<Stampede> {
  const parts = { symbol: 'S', featureName: `${round}` };
  let loads = 0;
  let allHaveCome: () => void = () => undefined;
  const comeAll = new Promise<void>((resolve) => (allHaveCome = resolve));
  const load = async () => {
    loads++;
    const value = await redis.incr(`loads:${round}`);
    await comeAll;
    return value;
  };
  await together(`begin:${round}`);
  const calls: Promise<number | null>[] = [];
  for (let wave = 0; wave < WAVES; wave++) {
    for (let i = 0; i < Number(callers) / WAVES; i++) calls.push(values.getOrLoad(parts, load));
    await delay(5);
  }
  allHaveCome();
  const got = new Set(await Promise.all(calls));
  await together(`end:${round}`);
  return { loads, values: [...got], afterwards: await values.getOrLoad(parts, load) };
}

const found: Stampede[] = [];
await backend.probe.ping();
for (let round = 0; round < Number(rounds); round++) found.push(await stampede(round));
console.log(JSON.stringify(found));
cache.close();
await backend.probe.close();
redis.disconnect();
