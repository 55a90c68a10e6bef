import { keyspaces } from '@quantumtrade/dal-domain';
import type { CoherentCacheOptions } from '../coherent-cache.js';
import type { Loader } from '../core.js';
import type { KeyspaceOptions } from '../options.js';
import { openCluster } from './cluster.js';

export const RSI = { symbol: 'AAPL', featureName: 'rsi' };
export const RSI_KEY = 'features:AAPL:rsi';

interface LoaderCall {
  readonly signal: AbortSignal;
  resolve(value: number | null): void;
  reject(error: Error): void;
}

/** Returns a loader whose calls the test settles. */
export function manualLoader() {
  const calls: LoaderCall[] = [];
  const loader: Loader<number> = ({ signal }) =>
    new Promise((resolve, reject) => calls.push({ resolve, reject, signal: signal! }));
  return { loader, calls };
}

/** Opens a keyspace of features in each of several processes. */
export async function openFeatures(
  options?: KeyspaceOptions,
  size = 1,
  cacheOptions?: Parameters<typeof openCluster>[1],
) {
  const cluster = await openCluster(size, cacheOptions);
  const features = cluster.processes.map(({ cache }) => cache.keyspace(keyspaces.featureValue, options));
  return {
    ...cluster,
    here: cluster.processes[0]!,
    features: features[0]!,
    others: features[1]!,
    all: features,
  };
}

/** Opens a keyspace of features in two processes, with a value that the first process holds. */
export async function openWithValue(options?: KeyspaceOptions) {
  const cluster = await openFeatures(options, 2);
  await cluster.others.set(RSI, 1);
  await cluster.features.get(RSI);
  return { ...cluster, there: cluster.processes[1]! };
}

/** Opens a keyspace of features in one process with limits of its first level. */
export async function openLimited(limits: CoherentCacheOptions) {
  const cluster = await openCluster(1, limits);
  const here = cluster.processes[0]!;
  return { ...cluster, here, features: here.cache.keyspace(keyspaces.featureValue) };
}
