import type { TimeSource, TimeSeriesBackend } from '@quantumtrade/dal-domain';
import {
  keysOf,
  requireClock,
  requireKnownKeys,
  requireObject,
  requireWholeNumber,
  systemClock,
} from '@quantumtrade/dal-domain';
import { guaranteeInspector } from './guarantees.js';
import { analytics } from './repositories/analytics.js';
import { blockWriter } from './repositories/blocks.js';
import { checkpointRepository } from './repositories/checkpoints.js';
import { recordRepositories } from './repositories/records.js';
import { schemaController } from './schema-controller.js';
import { MemoryStore } from './store/memory-store.js';

export interface MemoryTimeSeriesSettings {
  /** Tells when a batch without a time of its own was written. Default is the system's clock. */
  clock?: TimeSource;
  /** A batch dated further ahead of the clock is refused, in milliseconds. @default 300,000 */
  maxFutureSkewMs?: number | undefined;
}

const SETTINGS = keysOf<MemoryTimeSeriesSettings>({ clock: true, maxFutureSkewMs: true });
const OPERATION = 'memory.open';

/**
 * A time-series store in this process's memory: the same answers as a server gives, gone with the process.
 * It is born with its schema, so `schema.initialize()` need not be called.
 * Throws `ValidationError` naming a setting that is wrong or unknown.
 */
export function memoryTimeSeries(settings: MemoryTimeSeriesSettings = {}): TimeSeriesBackend {
  requireKnownKeys(requireObject('settings', settings, OPERATION), SETTINGS, OPERATION);
  const { clock = systemClock, maxFutureSkewMs } = settings;
  requireClock('clock', clock, OPERATION);
  requireWholeNumber('maxFutureSkewMs', maxFutureSkewMs, OPERATION);
  const store = new MemoryStore(clock, maxFutureSkewMs);
  return {
    ...recordRepositories(store),
    analytics: analytics(store),
    blocks: blockWriter(store),
    checkpoints: checkpointRepository(store),
    schema: schemaController(store),
    guarantees: guaranteeInspector(store),
    probe: {
      ping: async (options) => store.checkOpen('probe.ping', options),
      connectionCount: () => 0,
      close: async () => {
        store.closed = true;
      },
    },
  };
}
