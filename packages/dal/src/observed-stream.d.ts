import type { OperationSeries } from '@quantumtrade/dal-telemetry';
type Batch = readonly unknown[] | {
    readonly rowCount: number;
};
type StreamMethod = (...args: unknown[]) => AsyncIterable<Batch>;
/**
 * Returns a stream method whose iteration is one operation: it begins with the first batch that is asked for, and ends with the
 * last one, with an error, or when the caller leaves the loop. Each further loop is an operation of its own.
 */
export declare function observedStream(operation: string, series: OperationSeries, call: StreamMethod): StreamMethod;
export {};
