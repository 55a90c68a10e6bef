import type { CallOptions, TimeSource } from '@quantumtrade/dal-domain';
/** Asks a question, and keeps the last answer for a short time: probes and scrapes come every few seconds, from several places. */
export declare class RecentAnswer<T> {
    #private;
    /** An answer that is not complete is returned, and asked for again by the next caller. @param isComplete - @default every answer is */
    constructor(ask: (options: CallOptions) => Promise<T>, keepMs: number, clock: TimeSource, isComplete?: (answer: T) => boolean);
    /** Returns an answer that is not older than the time for which it is kept, or asks; undefined when that fails. */
    get(options: CallOptions): Promise<T | undefined>;
}
