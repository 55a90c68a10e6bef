import type { Writing } from '@quantumtrade/dal';
import type { Clock } from '@quantumtrade/dal-domain';
import { memoryCacheBackend, memoryDeadLetters, memoryTimeSeries } from '@quantumtrade/dal-memory';
import { ContainerModule } from 'inversify';
import { TOKENS } from '../tokens.js';

/** Dead letters in memory, and no journal. */
export const memoryWriting = (): Writing => ({
  storage: { deadLetters: memoryDeadLetters(), openJournal: () => Promise.resolve(undefined) },
});

/** Everything in this process's memory: for unit tests and dry runs. */
export function memoryModule(): ContainerModule {
  return new ContainerModule(({ bind }) => {
    bind(TOKENS.TimeSeriesBackend)
      .toResolvedValue((clock: Clock) => memoryTimeSeries({ clock }), [TOKENS.Clock])
      .inSingletonScope();
    bind(TOKENS.CacheBackend)
      .toResolvedValue((clock: Clock) => memoryCacheBackend({ clock }), [TOKENS.Clock])
      .inSingletonScope();
    bind(TOKENS.Writing).toConstantValue(memoryWriting());
    bind(TOKENS.BackendNames).toConstantValue({ timeSeries: 'memory', cache: 'memory' });
  });
}
