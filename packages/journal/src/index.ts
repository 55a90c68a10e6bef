export type { JournalEvent, JournalEventListener } from './events.js';
export { JournalError, type JournalErrorCode, type JournalErrorDetails } from './journal-error.js';
export { openJournal, type Journal, type JournalOptions, type JournalStats } from './journal.js';
export { readJournal } from './read-journal.js';
export type { JournalRecord, JournalReadOptions } from './read-records.js';
export type { JournalAppendOptions } from './writing/pending-append.js';
