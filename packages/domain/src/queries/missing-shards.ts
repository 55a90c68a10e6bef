import type { MissingShards, MissingShardsOption } from '../ports/call.js';
import type { MissingShard, Reported, ReportedEntries } from '../results.js';

/** Returns whether a read may do without shards, and has to name them. */
export const allowsMissing = (options: MissingShardsOption | undefined): boolean =>
  options?.missingShards === 'allowed';

/** Returns an answer as its caller asked for it: with the missing shards where they are allowed. */
export const reported = <T>(
  answer: T,
  options: MissingShardsOption | undefined,
  missing: readonly MissingShard[] = [],
): Reported<T, MissingShards> => (allowsMissing(options) ? { ...answer, missing: [...missing] } : answer);

/** Returns entries as their caller asked for them: with the missing shards where they are allowed. */
export const reportedEntries = <T>(
  data: Map<string, T>,
  options: MissingShardsOption | undefined,
  missing: readonly MissingShard[] = [],
): ReportedEntries<T, MissingShards> => (allowsMissing(options) ? { data, missing: [...missing] } : data);

/** Returns the report of shards that a page lacks because the pages before it do. */
export const shardsOfEarlierPages = ({ missing }: { readonly missing: readonly number[] }): MissingShard[] =>
  missing.map((shard) => ({ shard, values: null, reason: 'missing since an earlier page' }));
