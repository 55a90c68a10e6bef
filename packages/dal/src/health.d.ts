import type { CacheHealth } from '@quantumtrade/dal-cache';
import type { HealthStatus, PausedDelivery } from '@quantumtrade/dal-domain';
import type { GuaranteeMonitor, Transactions } from '@quantumtrade/dal-writer';
import type { DatabaseParts } from './database-parts.js';
import type { DatabaseServices } from './database-ports.js';
/** State of a data layer that needs no call. */
export interface LocalState {
    readonly isOpen: boolean;
    readonly cache: CacheHealth;
    readonly connectionCount: number;
    readonly lastSuccessAt: Date | undefined;
    readonly pausedDeliveries: readonly PausedDelivery[];
    readonly transactions: Transactions['state'];
}
/** Asks both backends and adds the local state. Resolves within a second, whatever the state of the backends. */
export declare function checkHealth({ timeSeries, cache, archive }: DatabaseParts, guarantees: GuaranteeMonitor, conditions: DatabaseServices['conditions'], local: () => LocalState): Promise<HealthStatus>;
