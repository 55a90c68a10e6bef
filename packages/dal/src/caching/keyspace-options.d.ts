import type { KeyspaceOptions } from '@quantumtrade/dal-cache';
/**
 * Options of each key pattern. `l1TtlMs` is the staleness bound: after that time in this process a value is read again from the
 * cache's server, even without a notification. No value is served after its time, and none is kept in this process while
 * invalidations are disconnected.
 */
export declare const keyspaceOptions: Readonly<Record<string, KeyspaceOptions>>;
