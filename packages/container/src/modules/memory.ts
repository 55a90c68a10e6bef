import type { Clock } from '@quantumtrade/dal-domain';
import { memoryCacheBackend, memoryTimeSeries } from '@quantumtrade/dal-memory';
import { ContainerModule } from 'inversify';
import { TOKENS } from '../tokens.js';

/** Everything in this process's memory: for unit tests and dry runs. */
export function memoryModule(): ContainerModule {
  return new ContainerModule(({ bind }) => {
    bind(TOKENS.TimeSeriesBackend)
      .toResolvedValue((clock: Clock) => memoryTimeSeries({ clock }), [TOKENS.Clock])
      .inSingletonScope();
    bind(TOKENS.CacheBackend)
      .toResolvedValue((clock: Clock) => memoryCacheBackend({ clock }), [TOKENS.Clock])
      .inSingletonScope();
    bind(TOKENS.BackendNames).toConstantValue({ timeSeries: 'memory', cache: 'memory' });
  });
}
