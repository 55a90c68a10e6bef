import type { CallOptions } from '@quantumtrade/dal-domain';

/** A Lua script of one key. Redis runs it as a whole, nothing comes between its commands. */
export interface Script {
  readonly name: string;
  readonly lua: string;
}

/** The few commands of Redis that the adapter uses, each named as Redis names it. */
export interface RedisCommands {
  get(key: string): Promise<string | null>;
  set(key: string, value: string, unit: 'PX', ttlMs: number): Promise<unknown>;
  del(key: string): Promise<number>;
  exists(key: string): Promise<number>;
  lrange(key: string, first: number, last: number): Promise<string[]>;
  ping(): Promise<unknown>;
  evaluate(script: Script, key: string, args: readonly (string | number)[]): Promise<unknown>;
}

/** Runs commands within the limits of a call. Whatever goes wrong is an error of the data layer. */
export type RunCommand = <T>(
  operation: string,
  options: CallOptions | undefined,
  command: (redis: RedisCommands) => Promise<T>,
) => Promise<T>;
