import { keyspaces } from '@quantumtrade/dal-domain';
import type { Loader } from '../load/load-coordinator.js';
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
export async function openFeatures(options?: KeyspaceOptions, size = 1) {
  const cluster = await openCluster(size);
  const features = cluster.processes.map(({ cache }) => cache.keyspace(keyspaces.featureValue, options));
  return {
    ...cluster,
    here: cluster.processes[0]!,
    features: features[0]!,
    others: features[1]!,
    all: features,
  };
}
