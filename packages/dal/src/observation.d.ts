import type { AuditSink, BlockWriter, Operations, TimeSource } from '@quantumtrade/dal-domain';
import type { OperationMetrics } from '@quantumtrade/dal-telemetry';
/** Audit sink, actor and clock. */
export interface Auditing {
    readonly sink: AuditSink;
    readonly actor: string;
    readonly clock: TimeSource;
}
/** Port methods that a data layer answers in place of the adapter, e.g. from its cache. */
export interface CachedMethods<Port> {
    readonly calls: Partial<Port>;
    /** Returns the answer of a call at once where this process holds it, else undefined. Both must answer alike. */
    readonly atHand?: {
        readonly [M in keyof Port]?: Port[M] extends (...args: infer Args) => Promise<infer Result> ? (...args: Args) => Result | undefined : never;
    };
}
/** Times, counts and announces the calls of ports, and records those that change data. */
export declare class Observation {
    #private;
    constructor(metrics: OperationMetrics, auditing?: Auditing);
    /**
     * Returns a port whose calls are announced on the operation channel, timed, counted, and audited as its operations say.
     * The name of an operation is `<port>.<method>`. A subscription is returned as it is.
     */
    port<Port extends object>(name: string, port: Port, operations: Operations<Port>, cached?: CachedMethods<Port>): Port;
    /**
     * Returns an observed block writer. Its audit entries are named `<record>.write` and carry the block's id. A
     * block leaves one entry when it is stored, one when it is refused for good, and one at the first of its retryable failures.
     */
    blocks(blocks: BlockWriter): BlockWriter;
}
