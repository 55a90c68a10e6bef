export type { JournalClock } from './clock.js';
export type { JournalEvent, JournalEventListener } from './events.js';
export type { DirectoryLock, JournalFile, JournalFs } from './fs/journal-fs.js';
export { nodeFs } from './fs/node-fs.js';
export { JournalError, type JournalErrorCode, type JournalErrorDetails } from './journal-error.js';
export { openJournal, type Journal, type JournalOptions, type JournalStats } from './journal.js';
export type { JournalRecord, ReadOptions } from './read-records.js';
export { writeFully } from './segments/write-fully.js';
export type { AppendOptions } from './writing/pending-append.js';
