import type { BatchResult } from '@quantumtrade/dal-domain';
/**
 * Takes values out of a batch now, before its caller changes it, and returns a function that gives them out for the result of the
 * write. For a batch that was partly refused or superseded it gives none: only the store has the right values then.
 */
export declare function writtenValues<T>(take: () => T[]): (result: BatchResult) => T[];
/** Returns whether reading the members again, at any depth, returns the same: none of them is an accessor. */
export declare function isPlainData(root: unknown): boolean;
