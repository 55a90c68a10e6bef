import type { CallOptions } from '@quantumtrade/dal-domain';
import { ConnectionError } from '@quantumtrade/dal-domain';
import { LostShardError } from '../connection/lost-shard.js';
import type { Sql } from '../connection/sql.js';

/** Time in which the server says which shard the copies are of (milliseconds). */
const ANSWER_WITHIN_MS = 1_000;

/** Returns the error of a read of all shards, with the number of the shard that cannot be reached, where the server can say it. */
export async function withLostShard(
  error: unknown,
  sql: Sql,
  cluster: string,
  { signal, deadline = Infinity }: CallOptions = {},
): Promise<unknown> {
  if (!(error instanceof ConnectionError) || !(error.cause instanceof LostShardError)) return error;
  const { cause, endpoint, operation, retryable, queryId } = error;
  const { addresses } = cause;
  if (endpoint === undefined || addresses.length === 0) return error;
  const found = await sql
    .on('system')
    .at(endpoint)
    .rows<{ shard: number }>(
      operation,
      `SELECT DISTINCT shard_num AS shard FROM system.clusters
       WHERE cluster = {cluster:String} AND arrayExists(
         host -> has({addresses:Array(String)}, concat(host, ':', toString(port))), [host_name, host_address])`,
      { cluster, addresses },
      { ...(signal && { signal }), deadline: Math.min(deadline, Date.now() + ANSWER_WITHIN_MS) },
    )
    .catch(() => []);
  const [only, ...others] = found;
  if (!only || others.length > 0) return error;
  const details = { operation, retryable, endpoint, cause, ...(queryId !== undefined && { queryId }) };
  return new ConnectionError(`shard ${only.shard}: ${cause.message}`, details);
}
