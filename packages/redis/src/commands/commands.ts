import type { CallOptions, StoredText } from '@quantumtrade/dal-domain';
import type { Expected } from './replies.js';
import type { Shards } from './shards.js';

/** A Lua script of one key. Redis runs it as a whole, nothing comes between its commands. */
export interface Script {
  readonly name: string;
  readonly lua: string;
  /** Whether it takes so little time for each key that calls of one turn may go to the server as one command. Default is false. */
  readonly short?: boolean;
  /** Whether it changes nothing, so that a replica may run it. Default is false. */
  readonly readOnly?: boolean;
  /** Whether what the server gives for a key may be the script's answer. */
  isAnswer(answer: unknown): boolean;
  /** Whether it has changed something, by what it returned. Default is always, unless it is `readOnly`. */
  hasWritten?(answer: unknown): boolean;
}

/** The few commands of Redis that the adapter uses, each named as Redis names it where it is one command. */
export interface RedisCommands {
  get(key: string): Promise<string | null>;
  set(key: string, value: string, unit: 'PX', ttlMs: number): Promise<unknown>;
  /** Many keys make as many commands as it takes: each is of one slot and short. */
  mget(keys: readonly string[]): Promise<(string | null)[]>;
  /** What a script that changes nothing and takes no arguments has to say of each key. */
  ask<T>(script: Script, keys: readonly string[]): Promise<T[]>;
  del(keys: readonly string[]): Promise<number>;
  /** SET with PX for each, a part of them at a time; none any more once `isOver` says so. */
  setAll(writes: readonly StoredText[], isOver: () => boolean): Promise<void>;
  exists(key: string): Promise<number>;
  /** The masters, to be asked for their keys one page at a time. */
  shards(): Promise<Shards>;
  ping(): Promise<unknown>;
  publish(channel: string, message: string): Promise<unknown>;
  evaluate(script: Script, key: string, args: readonly (string | number)[]): Promise<unknown>;
}

/** Commands of one call. It asks whether the call is over before it sends more. */
export type Command<T> = (redis: RedisCommands, isOver: () => boolean) => Promise<T>;

/**
 * Runs commands within the limits of a call, and tells them whether it is over: what is sent for it then would come after
 * what its caller does next. Whatever goes wrong is an error of the data layer, and so is an answer that is not what is expected.
 */
export type RunCommand = <T>(
  operation: string,
  options: CallOptions | undefined,
  command: Command<T>,
  expected?: Expected,
) => Promise<T>;

/** Of a call that is bounded by the timeout of commands alone, unless its caller sets a deadline. */
export const NO_BUDGET: Expected = { budgets: Infinity };
