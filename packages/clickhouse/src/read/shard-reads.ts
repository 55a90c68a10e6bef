import type { DatabaseError, MissingShard } from '@quantumtrade/dal-domain';
import { isDatabaseError } from '@quantumtrade/dal-domain';
import { NotAdmittedError } from '@quantumtrade/dal-runtime';
import type { InstantRange } from '../cluster/shard-layout.js';
import type { Sql } from '../connection/sql.js';

/** Shards that a read has to ask. */
export interface ShardSelection {
  readonly shards: readonly number[];
  /** Returns the values of the call of which rows may be on a shard; null where the call names none. */
  valuesOf(shard: number): readonly string[] | null;
}

/** Answers of the shards that could be read, and the others. */
export interface ShardAnswers<T> {
  readonly answers: readonly T[];
  readonly missing: readonly MissingShard[];
}

/**
 * Returns the shards that may have rows with one of the values of their shard field, in a range of time. Returns undefined without a cluster.
 * @param values undefined where rows may have any
 */
export function selectShards(
  sql: Sql,
  values: readonly string[] | undefined,
  range?: InstantRange,
): ShardSelection | undefined {
  const shards = sql.shardsOf(values, range);
  return (
    shards && {
      shards,
      valuesOf: (shard) => values?.filter((value) => sql.shardsOf([value], range)!.includes(shard)) ?? null,
    }
  );
}

/**
 * Reads shards at the same time, each by itself, so that what is missing is known. A shard is missing when none of its copies can be reached,
 * or keeps its connection until it has answered; any other failure fails the read.
 */
export async function readShards<T>(
  { shards, valuesOf }: ShardSelection,
  read: (shard: number) => Promise<T>,
): Promise<ShardAnswers<T>> {
  const missing: MissingShard[] = [];
  const found = await Promise.all(
    shards.map(async (shard) => {
      try {
        return [await read(shard)];
      } catch (error) {
        if (!isUnreachable(error)) throw error;
        missing.push({ shard, values: valuesOf(shard), reason: error.message });
        return [];
      }
    }),
  );
  return { answers: found.flat(1) as T[], missing: missing.sort(byShardNumber) };
}

/** Whether an error says that no server could be reached. A query that this process did not send says nothing about servers. */
const isUnreachable = (error: unknown): error is DatabaseError =>
  isDatabaseError(error) &&
  error.code === 'CONNECTION' &&
  error.retryable &&
  !(error.cause instanceof NotAdmittedError);

/** Compares missing shards by their numbers. */
export const byShardNumber = (a: MissingShard, b: MissingShard): number => a.shard - b.shard;
