import type { CallOptions, StoredText } from '@quantumtrade/dal-domain';
import type { ReplyExpectation } from './replies.js';
import type { Script } from './scripts.js';
import type { Shards } from './shards.js';

/** The Redis commands that the adapter uses. A method with the name of a command is that command. */
export interface RedisCommands {
  get(key: string): Promise<string | null>;
  set(key: string, value: string, unit: 'PX', ttlMs: number): Promise<unknown>;
  /** Reads many keys by as few short commands as their slots allow. */
  mget(keys: readonly string[]): Promise<(string | null)[]>;
  del(keys: readonly string[]): Promise<number>;
  /** Runs SET with PX for each write, in parts; sends no further part once `isOver` returns true. */
  setMany(writes: readonly StoredText[], isOver: () => boolean): Promise<void>;
  exists(key: string): Promise<number>;
  ping(): Promise<unknown>;
  publish(channel: string, message: string): Promise<unknown>;
  evaluate(script: Script, key: string, args: readonly (string | number)[]): Promise<unknown>;
  /** Runs a read-only script without arguments for many keys. */
  evaluateMany<T>(script: Script, keys: readonly string[]): Promise<T[]>;
  /** Returns the masters, whose keys can be scanned page by page. */
  shards(): Promise<Shards>;
}

/** Commands of one call. `isOver` returns whether the call has ended, after which nothing more may be sent. */
export type Command<T> = (redis: RedisCommands, isOver: () => boolean) => Promise<T>;

/**
 * Runs the commands of a call within the call's limits. Every failure, an invalid reply included, is an error of the data
 * layer.
 */
export type RunCommand = <T>(
  operation: string,
  options: CallOptions | undefined,
  command: Command<T>,
  expectation?: ReplyExpectation,
) => Promise<T>;
