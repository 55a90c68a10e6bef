import { Cluster, type Redis } from 'ioredis';
import { isListOf, isText, isTuple } from './replies.js';
import type { RedisClient } from '../connection/clients.js';
import { FailureError, NO_REPLY, UNSETTLED } from '../connection/failures.js';

/** One of the servers that together hold all keys. */
export interface Shard {
  /**
   * SCAN with MATCH: some of its keys that a glob matches, and where to go on; from '0' on until that is '0' again it
   * gives every key that is there all the time, perhaps more than once.
   */
  scan(cursor: string, glob: string): Promise<[cursor: string, keys: string[]]>;
}

/** The servers that hold all keys now. */
export interface Shards {
  readonly all: readonly Shard[];
  /** Which keys are where. The same twice means that none was moved in between; undefined while some are. */
  readonly layout: string | undefined;
}

const SLOTS = 16_384;
const KEYS_LOOKED_AT = 1_000;
/** A slot that goes from one master to another just when they are asked may seem to be with neither. */
const LOOKS = 5;

/** Fails, to be retried, while the masters that are known do not serve all slots: keys would be missed. */
export async function shardsOf(client: RedisClient): Promise<Shards> {
  const keyPrefix = client.options.keyPrefix ?? '';
  if (!(client instanceof Cluster)) return { all: [shard(client, keyPrefix)], layout: 'one server' };
  for (let looks = 0; looks < LOOKS; looks++) {
    await new Promise<void>((resolve) => client.refreshSlotsCache(() => resolve()));
    const masters = client.nodes('master');
    const views = await Promise.all(masters.map(viewOf));
    if (!isWhole(views)) continue;
    const layout = views.map(({ id, ranges }) => `${id} ${ranges.join(' ')}`).toSorted();
    return {
      all: masters.map((master) => shard(master, keyPrefix)),
      layout: views.some(({ isMoving }) => isMoving) ? undefined : layout.join(),
    };
  }
  throw new FailureError(UNSETTLED);
}

function shard(server: Redis, keyPrefix: string): Shard {
  const prefixGlob = keyPrefix.replace(/[*?[\]\\]/g, '\\$&');
  return {
    async scan(cursor, glob) {
      const page = await server.scan(cursor, 'MATCH', prefixGlob + glob, 'COUNT', KEYS_LOOKED_AT);
      if (!isTuple(page, isText, (keys) => isListOf(keys, isText))) throw new FailureError(NO_REPLY);
      const [next, keys] = page;
      return [next, keys.map((key) => key.slice(keyPrefix.length))];
    },
  };
}

/** What a master says of itself. */
interface View {
  readonly id: string;
  /** The slots that it serves, e.g. `7` or `0-5460`. */
  readonly ranges: readonly string[];
  readonly isMoving: boolean;
  /** Whom it is giving slots. */
  readonly heirs: readonly string[];
}

/** A line of CLUSTER NODES has 8 columns, then ranges of slots, and `[slot->-id]` or `[slot-<-id]` for one that moves. */
async function viewOf(master: Redis): Promise<View> {
  const nodes = String(await master.cluster('NODES')).split('\n');
  const columns = nodes.find((line) => /^\S+ \S+ myself/.test(line))!.split(' ');
  const slots = columns.slice(8);
  const ranges = slots.filter((range) => !range.startsWith('['));
  return {
    id: columns[0]!,
    ranges,
    isMoving: ranges.length < slots.length,
    heirs: slots.flatMap((slot) => /->-(\w+)/.exec(slot)?.[1] ?? []),
  };
}

/** Whether all keys are with these masters. */
function isWhole(views: readonly View[]): boolean {
  const ids = views.map(({ id }) => id);
  const slots = new Set(views.flatMap(({ ranges }) => ranges.flatMap(slotsOf)));
  return slots.size === SLOTS && views.every(({ heirs }) => heirs.every((id) => ids.includes(id)));
}

function slotsOf(range: string): number[] {
  const [first, last = first] = range.split('-').map(Number);
  return Array.from({ length: last! - first! + 1 }, (_, i) => first! + i);
}
