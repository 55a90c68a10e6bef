import type { Measurements, OperationMetrics } from '@quantumtrade/dal-telemetry';
/** Adds the durations and errors of the operations that ran on one system. */
export declare function measureOperations(into: Measurements, system: string, metrics: OperationMetrics): void;
