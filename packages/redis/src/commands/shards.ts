import { Cluster, type Redis } from 'ioredis';
import type { RedisClient } from '../connection/redis-client.js';
import { FailureError, TOPOLOGY_UNKNOWN, UNEXPECTED_REPLY } from '../failures.js';
import { isListOf, isText, isTuple } from './replies.js';

/** One of the masters that together hold all keys. */
export interface Shard {
  /**
   * Runs SCAN with MATCH: returns some of the keys that match a glob, and the next cursor. From '0' until the cursor is '0'
   * again it returns every key that exists all the time, possibly more than once.
   */
  scan(cursor: string, glob: string): Promise<[cursor: string, keys: string[]]>;
}

/** The masters that hold all keys now. */
export interface Shards {
  readonly all: readonly Shard[];
  /** Assignment of slots to masters, undefined while slots move. Equal layouts mean that no slot moved in between. */
  readonly layout: string | undefined;
}

const SLOTS = 16_384;
/** Number of keys that one SCAN visits. */
const SCAN_COUNT = 1_000;
/** A slot that moves while the masters are asked may appear at neither of two masters. */
const MAX_ATTEMPTS = 5;

/** Finds the masters. Throws a retryable failure while those known do not serve all slots, because keys would be missed. */
export async function findShards(client: RedisClient): Promise<Shards> {
  const keyPrefix = client.options.keyPrefix ?? '';
  if (!(client instanceof Cluster)) return { all: [shardOn(client, keyPrefix)], layout: 'one server' };
  for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
    await new Promise<void>((resolve) => client.refreshSlotsCache(() => resolve()));
    const masters = client.nodes('master');
    const views = await Promise.all(masters.map(describeMaster));
    if (!coverAllSlots(views)) continue;
    const layout = views.map(({ id, ranges }) => `${id} ${ranges.join(' ')}`).toSorted();
    return {
      all: masters.map((master) => shardOn(master, keyPrefix)),
      layout: views.some(({ isMoving }) => isMoving) ? undefined : layout.join(),
    };
  }
  throw new FailureError(TOPOLOGY_UNKNOWN);
}

function shardOn(server: Redis, keyPrefix: string): Shard {
  const prefixGlob = keyPrefix.replace(/[*?[\]\\]/g, '\\$&');
  return {
    async scan(cursor, glob) {
      const page = await server.scan(cursor, 'MATCH', prefixGlob + glob, 'COUNT', SCAN_COUNT);
      if (!isTuple(page, isText, (keys) => isListOf(keys, isText))) throw new FailureError(UNEXPECTED_REPLY);
      const [next, keys] = page;
      return [next, keys.map((key) => key.slice(keyPrefix.length))];
    },
  };
}

/** A master's own line of CLUSTER NODES. */
interface MasterView {
  readonly id: string;
  /** Slots that it serves, e.g. `7` or `0-5460`. */
  readonly ranges: readonly string[];
  readonly isMoving: boolean;
  /** Ids of the masters that it is moving slots to. */
  readonly targets: readonly string[];
}

/** Reads a master's line: 8 columns, then ranges of slots, and `[slot->-id]` or `[slot-<-id]` for a moving slot. */
async function describeMaster(master: Redis): Promise<MasterView> {
  const nodes = String(await master.cluster('NODES')).split('\n');
  const columns = nodes.find((line) => /^\S+ \S+ myself/.test(line))!.split(' ');
  const slots = columns.slice(8);
  const ranges = slots.filter((range) => !range.startsWith('['));
  return {
    id: columns[0]!,
    ranges,
    isMoving: ranges.length < slots.length,
    targets: slots.flatMap((slot) => /->-(\w+)/.exec(slot)?.[1] ?? []),
  };
}

/** Whether these masters hold all keys, those of moving slots included. */
function coverAllSlots(views: readonly MasterView[]): boolean {
  const ids = views.map(({ id }) => id);
  const slots = new Set(views.flatMap(({ ranges }) => ranges.flatMap(slotsOfRange)));
  return slots.size === SLOTS && views.every(({ targets }) => targets.every((id) => ids.includes(id)));
}

function slotsOfRange(range: string): number[] {
  const [first, last = first] = range.split('-').map(Number);
  return Array.from({ length: last! - first! + 1 }, (_, i) => first! + i);
}
