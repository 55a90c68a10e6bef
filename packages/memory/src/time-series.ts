import type { TimeSource, TimeSeriesBackend } from '@quantumtrade/dal-domain';
import {
  DEFAULT_PAGE_ROWS,
  keysOf,
  requireClock,
  requireKnownKeys,
  requireObject,
  requireWholeNumber,
  SCAN_BUDGET_ROWS,
  systemClock,
} from '@quantumtrade/dal-domain';
import { memoryBackups } from './backups.js';
import { memoryGuarantees } from './guarantees.js';
import { memoryAnalytics } from './repositories/analytics.js';
import { memoryBlocks } from './repositories/blocks.js';
import { memoryCheckpoints } from './repositories/checkpoints.js';
import { memoryQueryPlans } from './repositories/query-plans.js';
import { memoryRecords } from './repositories/records.js';
import { schemaController } from './schema-controller.js';
import { memoryCopies } from './copies.js';
import { memoryStorage } from './storage.js';
import { MemoryStore } from './store/memory-store.js';

export interface MemoryTimeSeriesSettings {
  /** Clock for batches without their own time. @default the system's clock */
  clock?: TimeSource;
  /** A batch dated further ahead of the clock is refused, in milliseconds. @default 300,000 */
  maxFutureSkewMs?: number | undefined;
  /** Limit of a page for which the caller gives none. @default 10,000 (rows) */
  defaultPageRows?: number | undefined;
  /** Rows that a read of a whole selection may scan unless its caller allows more. @default 1,000,000,000 (rows) */
  scanBudgetRows?: number | undefined;
}

const SETTINGS = keysOf<MemoryTimeSeriesSettings>({
  clock: true,
  maxFutureSkewMs: true,
  defaultPageRows: true,
  scanBudgetRows: true,
});
const OPERATION = 'memory.open';

/**
 * A time-series store in this process's memory: the same answers as a server gives, gone with the process.
 * It is born with its schema, so `schema.initialize()` need not be called.
 * Throws `ValidationError` naming a setting that is wrong or unknown.
 */
export function memoryTimeSeries(settings: MemoryTimeSeriesSettings = {}): TimeSeriesBackend {
  requireKnownKeys(requireObject('settings', settings, OPERATION), SETTINGS, OPERATION);
  const { clock = systemClock, maxFutureSkewMs } = settings;
  const { defaultPageRows = DEFAULT_PAGE_ROWS, scanBudgetRows = SCAN_BUDGET_ROWS } = settings;
  requireClock('clock', clock, OPERATION);
  requireWholeNumber('maxFutureSkewMs', maxFutureSkewMs, OPERATION);
  requireWholeNumber('defaultPageRows', defaultPageRows, OPERATION, { min: 1 });
  requireWholeNumber('scanBudgetRows', scanBudgetRows, OPERATION, { min: 1 });
  const store = new MemoryStore(clock, { defaultPageRows, scanBudgetRows }, maxFutureSkewMs);
  return {
    ...memoryRecords(store),
    analytics: memoryAnalytics(store),
    backups: memoryBackups(store, clock),
    blocks: memoryBlocks(store),
    checkpoints: memoryCheckpoints(store),
    copies: memoryCopies(store),
    queryPlans: memoryQueryPlans(store),
    schema: schemaController(store),
    storage: memoryStorage(store),
    guarantees: memoryGuarantees(store),
    probe: {
      system: 'memory',
      ping: async (options) => store.checkOpen('probe.ping', options),
      connectionCount: () => 0,
      close: async () => {
        store.closed = true;
      },
    },
  };
}
