import type { ManyLoader } from '@quantumtrade/dal-cache';
import type { CallOptions } from '@quantumtrade/dal-domain';
type Parts<N extends string> = Readonly<Record<N, string>>;
/** Values of a keyspace whose keys differ in one part. */
interface CachedValues<N extends string, T> {
    getMany(list: readonly Parts<N>[], loadMany: ManyLoader<Parts<N>, T>, options: CallOptions | undefined): Promise<(T | null)[]>;
}
/** How values of many keys are read through the cache. */
interface CachedRead<N extends string, T, U> {
    readonly values: CachedValues<N, T>;
    /** Name of the part that a key gives. */
    readonly part: N;
    /** Loads the values that are not cached by one call: null for a key without a value. */
    readonly load: ManyLoader<string, T>;
    /** Returns a value as the caller asked for it. */
    readonly convert: (value: T) => U;
}
/** Reads the values of keys. Returns them by their keys, in the order of the keys, without keys that have no value. */
export declare function cachedEntries<N extends string, T, U>(keys: readonly string[], { values, part, load, convert }: CachedRead<N, T, U>, options: CallOptions | undefined): Promise<Map<string, U>>;
export {};
