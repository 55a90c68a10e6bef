import type { BlockWriter, CallOptions, DeadLetterStore, PausedDelivery } from '@quantumtrade/dal-domain';
import type { BatchWriter, BatchWriterOptions, GuaranteeMonitor, ReplayResult, RequiredGuarantees, WriterSetup } from '@quantumtrade/dal-writer';
/** Work that batch writers have left. */
export interface WriterBacklog {
    readonly pendingBytes: number;
    readonly journaledBlocks: number;
    /** When the oldest of these blocks was journaled; `Infinity` while there is none (epoch milliseconds). */
    readonly oldestJournaledAt: number;
    /** Writers whose journal the store refuses until the cause is fixed. */
    readonly pausedDeliveries: number;
}
/** The batch writers of a data layer, and their dead letters. */
export declare class DatabaseWriters {
    #private;
    constructor(writing: WriterSetup | undefined, blocks: BlockWriter, guarantees: GuaranteeMonitor);
    /** Opens a batch writer. The configured options apply unless `given` has its own. */
    open(given: BatchWriterOptions & RequiredGuarantees): Promise<BatchWriter>;
    get deadLetters(): DeadLetterStore;
    replay(ids: readonly string[], options: CallOptions | undefined): Promise<ReplayResult[]>;
    /** Returns the writers whose journal the store does not accept at present. */
    pausedDeliveries(): PausedDelivery[];
    /** Returns the work that the open writers have left, summed. */
    backlog(): WriterBacklog;
    /** Returns the number of dead letters; undefined without storage for them. Rejects when the disk fails. */
    countDeadLetters(): Promise<number | undefined>;
    /** Closes each writer, waiting up to ten seconds; its outcome is in the list. */
    close(): Promise<PromiseSettledResult<void>[]>;
}
