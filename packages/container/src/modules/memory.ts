import type { Writing } from '@quantumtrade/dal';
import type { AuditConfig, WriterConfig } from '@quantumtrade/dal-config';
import type { TimeSource } from '@quantumtrade/dal-domain';
import { memoryCacheBackend, memoryDeadLetters, memoryTimeSeries } from '@quantumtrade/dal-memory';
import { ContainerModule } from 'inversify';
import { closableBackend, closePart } from '../closing.js';
import { TOKENS } from '../tokens.js';
import { bindAuditTrail } from './audit.js';

/** Dead letters in memory, and no journal. */
export const memoryWriting = (): Writing => ({
  storage: { deadLetters: memoryDeadLetters(), openJournal: () => Promise.resolve(undefined) },
});

/** Everything in this process's memory, but for the audit trail where one is configured: for unit tests and dry runs. */
export function memoryModule(
  config: { audit?: AuditConfig | undefined; writer?: Pick<WriterConfig, 'maxFutureSkewMs'> } = {},
): ContainerModule {
  return new ContainerModule((options) => {
    const { bind } = options;
    bindAuditTrail(options, config.audit);
    bind(TOKENS.TimeSeriesBackend)
      .toResolvedValue(
        (clock: TimeSource) =>
          closableBackend(memoryTimeSeries({ clock, maxFutureSkewMs: config.writer?.maxFutureSkewMs })),
        [TOKENS.Clock],
      )
      .inSingletonScope()
      .onDeactivation(closePart);
    bind(TOKENS.CacheBackend)
      .toResolvedValue((clock: TimeSource) => closableBackend(memoryCacheBackend({ clock })), [TOKENS.Clock])
      .inSingletonScope()
      .onDeactivation(closePart);
    bind(TOKENS.Writing).toConstantValue(memoryWriting());
    bind(TOKENS.BackendNames).toConstantValue({ timeSeries: 'memory', cache: 'memory' });
  });
}
