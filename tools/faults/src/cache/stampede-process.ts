/** Process with many callers that read the same missing key at the same time as other processes; prints their results. */
import { setTimeout as delay } from 'node:timers/promises';
import { CoherentCache } from '@quantumtrade/dal-cache';
import { keyspaces } from '@quantumtrade/dal-domain';
import { connectRedis } from '@quantumtrade/dal-redis';
import { Redis } from 'ioredis';

/** Result of one key in one process, as JSON. */
export interface Stampede {
  readonly loads: number;
  /** Different values returned to callers. */
  readonly values: readonly (number | null)[];
  /** Value returned to a later caller. */
  readonly afterwards: number | null;
}

/** Results by round: with one load for each process (`apart`) and with one for all (`together`). */
export interface Stampedes {
  readonly apart: readonly Stampede[];
  readonly together: readonly Stampede[];
}

const WAVES = 4;
/** The second level is busy, not unavailable. */
const PATIENT_MS = 60_000;

const [url = '', processes = '', callers = '', rounds = ''] = process.argv.slice(2);
const redis = new Redis(url, { retryStrategy: () => null });
redis.on('error', () => undefined).on('end', () => process.exit());
const backend = connectRedis({ url });
const cache = new CoherentCache(backend, { budgetMs: PATIENT_MS });

function keyspaceOf(mode: keyof Stampedes) {
  const definition = { ...keyspaces.featureValue, pattern: `${mode}:{round}` as const };
  return cache.keyspace(definition, { onceInCluster: mode === 'together', loadTimeoutMs: PATIENT_MS });
}

/** Resolves when every process has reached a place. */
async function awaitAll(place: string): Promise<void> {
  await redis.incr(place);
  while ((await redis.get(place)) !== processes) await delay(1);
}

async function stampedes(mode: keyof Stampedes): Promise<Stampede[]> {
  const values = keyspaceOf(mode);
  const found: Stampede[] = [];
  for (let round = 0; round < Number(rounds); round++) {
    const parts = { round: `${round}` };
    let loads = 0;
    let release: () => void = () => undefined;
    const released = new Promise<void>((resolve) => (release = resolve));
    const load = async () => {
      loads++;
      const value = await redis.incr(`loads:${mode}:${round}`);
      await released;
      return value;
    };
    await awaitAll(`begin:${mode}:${round}`);
    const calls: Promise<number | null>[] = [];
    for (let wave = 0; wave < WAVES; wave++) {
      for (let i = 0; i < Number(callers) / WAVES; i++) calls.push(values.getOrLoad(parts, load));
      await delay(5);
    }
    release();
    const got = new Set(await Promise.all(calls));
    await awaitAll(`end:${mode}:${round}`);
    const afterwards = await values.getOrLoad(parts, load);
    found.push({ loads, values: [...got], afterwards });
  }
  return found;
}

await backend.probe.ping();
const found: Stampedes = { apart: await stampedes('apart'), together: await stampedes('together') };
console.log(JSON.stringify(found));
cache.close();
await backend.probe.close();
redis.disconnect();
