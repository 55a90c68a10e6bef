import type { HealthStatus } from '@quantumtrade/dal-domain';
import type { MetricFamily, MetricsSource } from '@quantumtrade/dal-telemetry';
import type { Transactions } from '@quantumtrade/dal-writer';
import type { DatabaseServices } from '../database-ports.js';
import type { DatabaseWriters } from '../database-writers.js';
/** Collects the metrics of a data layer. Counting costs its calls next to nothing: all else happens here, when metrics are asked for. */
export declare class MetricsCollector implements MetricsSource {
    #private;
    readonly startedAt: number;
    constructor(services: DatabaseServices, writers: DatabaseWriters, transactions: Pick<Transactions, 'state'>, health: () => Promise<HealthStatus>);
    collect(): Promise<readonly MetricFamily[]>;
}
