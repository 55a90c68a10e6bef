import { ConnectionError, LOSSLESS } from '@quantumtrade/dal-domain';
import { debugChannel, errorFields } from '@quantumtrade/dal-telemetry';
import { openBatchWriter, replayDeadLetters, requireGuarantees, requireWriterOptions, } from '@quantumtrade/dal-writer';
const CLOSE_MS = 10_000;
const debug = debugChannel('writer');
/** Returns a listener that publishes each event of a writer as a step. */
const debugged = (listener) => (event) => {
    const { type: message, ...fields } = { error: undefined, ...event };
    if (debug.hasSubscribers)
        debug.publish({ ...fields, message, error: fields.error && errorFields(fields.error) });
    listener?.(event);
};
const sum = (numbers) => numbers.reduce((total, each) => total + each, 0);
/** The batch writers of a data layer, and their dead letters. */
export class DatabaseWriters {
    #writing;
    #blocks;
    #guarantees;
    #open = new Set();
    constructor(writing, blocks, guarantees) {
        this.#writing = writing;
        this.#blocks = blocks;
        this.#guarantees = guarantees;
    }
    /** Opens a batch writer. The configured options apply unless `given` has its own. */
    async open(given) {
        requireWriterOptions(given, ['requires']);
        requireGuarantees(given.requires);
        const { requires, ...options } = given;
        const { storage, ...configured } = this.#requireWriting();
        const durability = options.durability ?? configured.durability ?? 'acknowledged';
        const maxRows = options.maxRows ?? configured.maxRows;
        const retry = { ...configured.retry, ...withoutUndefined(options.retry) };
        const journal = await storage.openJournal(durability);
        try {
            const blocks = await this.#guarantees.guard(this.#blocks, requires ?? (journal ? LOSSLESS : []));
            const onClosed = () => void this.#open.delete(writer);
            const parts = { blocks, deadLetters: storage.deadLetters, journal, onClosed };
            const onEvent = debugged(options.onEvent);
            const writer = openBatchWriter(parts, { ...options, durability, maxRows, retry, onEvent });
            this.#open.add(writer);
            return writer;
        }
        catch (error) {
            await journal?.close();
            throw error;
        }
    }
    get deadLetters() {
        return this.#requireWriting().storage.deadLetters;
    }
    replay(ids, options) {
        const { storage, retry } = this.#requireWriting();
        return replayDeadLetters(storage.deadLetters, this.#blocks, ids, options, retry);
    }
    /** Returns the writers whose journal the store does not accept at present. */
    pausedDeliveries() {
        return [...this.#open].flatMap((writer) => {
            const { journaledBlocks, deliveryPausedBy } = writer.progress();
            return deliveryPausedBy === null ? [] : [{ journaledBlocks, reason: deliveryPausedBy }];
        });
    }
    /** Returns the work that the open writers have left, summed. */
    backlog() {
        const progress = [...this.#open].map((writer) => writer.progress());
        const oldest = progress.map(({ oldestJournaledAt }) => oldestJournaledAt ?? Infinity);
        return {
            pendingBytes: sum(progress.map(({ pendingBytes }) => pendingBytes)),
            journaledBlocks: sum(progress.map(({ journaledBlocks }) => journaledBlocks)),
            oldestJournaledAt: Math.min(Infinity, ...oldest),
            pausedDeliveries: progress.filter(({ deliveryPausedBy }) => deliveryPausedBy !== null).length,
        };
    }
    /** Returns the number of dead letters; undefined without storage for them. Rejects when the disk fails. */
    async countDeadLetters() {
        return this.#writing && (await this.#writing.storage.deadLetters.list()).length;
    }
    /** Closes each writer, waiting up to ten seconds; its outcome is in the list. */
    close() {
        const deadline = Date.now() + CLOSE_MS;
        return Promise.allSettled([...this.#open].map((writer) => writer.close({ deadline })));
    }
    #requireWriting() {
        if (this.#writing)
            return this.#writing;
        const details = { operation: 'batchWriter.open', retryable: false };
        throw new ConnectionError('this data layer has no storage for batch writers', details);
    }
}
const withoutUndefined = (given = {}) => Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
