const MISSING_TABLE = /There is no table \S+ on server: \S+:\d+/;
const ADDRESS = /\(([^\s(),]+:\d+)[,)]|on server: (\S+:\d+)/g;

/** A server could connect to no copy of a shard. It is the cause of a `ConnectionError`. */
export class LostShardError extends Error {
  /** Addresses of the copies as in the server's `remote_servers`, e.g. `ch-2a:9000`. */
  readonly addresses: readonly string[];

  constructor(message: string) {
    const found = new Set([...message.matchAll(ADDRESS)].map(([, refused, lacking]) => refused ?? lacking!));
    super(`no copy of a shard can be reached${found.size === 0 ? '' : `: ${[...found].join(', ')}`}`);
    this.name = new.target.name;
    this.addresses = [...found];
  }
}

/** Returns which table all copies of a shard lack, where the server's message says that each was reached and lacks it. */
export function tableMissingOnShard(message: string): string | undefined {
  return /Code: \d+/.test(message) ? undefined : MISSING_TABLE.exec(message)?.[0];
}
