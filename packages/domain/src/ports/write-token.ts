import { randomUUID } from 'node:crypto';
import { ValidationError } from '../errors.js';
import type { RecordName } from '../records/records.js';
import { recordNames } from '../records/records.js';

/** Server and shard that acknowledged rows of a record. */
export interface AcknowledgedWrite {
  /** Name of the server, e.g. `ch-2:8123`. */
  readonly endpoint: string;
  readonly shard: string;
  readonly record: RecordName;
  /** Id of the block, or one that stands for several. */
  readonly id: string;
}

const PREFIX = 'w1.';
const MAX_LENGTH = 16_384;
const MAX_TOKENS = 1_000;
const MAX_TEXT = 512;

/**
 * Returns the token of acknowledged writes; null when there is none. Several writes of one record at one server become one with an
 * id of its own, so that a server which is known to have some of them is not taken to have all.
 */
export function toWriteToken(writes: readonly AcknowledgedWrite[]): string | null {
  if (writes.length === 0) return null;
  const byPlace = new Map<string, readonly string[]>();
  for (const { endpoint, shard, record, id } of writes) {
    const place = [endpoint, shard, record];
    const known = byPlace.get(place.join('\0'));
    const isOther = known !== undefined && known.at(-1) !== id;
    byPlace.set(place.join('\0'), [...place, isOther ? randomUUID() : id]);
  }
  return PREFIX + Buffer.from(JSON.stringify([...byPlace.values()])).toString('base64url');
}

/** Returns one token for the writes of several; null when there is none. */
export function joinWriteTokens(tokens: readonly (string | null)[]): string | null {
  const distinct = new Set(tokens.filter((token) => token !== null));
  if (distinct.size < 2) return distinct.values().next().value ?? null;
  return toWriteToken([...distinct].flatMap((token) => decode(token) ?? []));
}

/**
 * Returns the writes that a read must see, each once. Throws `ValidationError` naming `readAfter` for anything but tokens of this
 * data layer.
 */
export function writesToSee(readAfter: unknown, operation: string): readonly AcknowledgedWrite[] {
  const refuse = (reason: string) => new ValidationError('readAfter', reason, { operation });
  const tokens = typeof readAfter === 'string' ? [readAfter] : readAfter;
  if (!Array.isArray(tokens)) throw refuse('must be a write token or a list of them');
  if (tokens.length > MAX_TOKENS) throw refuse(`must be at most ${MAX_TOKENS} write tokens`);
  const writes = new Map<string, AcknowledgedWrite>();
  for (const token of new Set<unknown>(tokens)) {
    const decoded = typeof token === 'string' ? decode(token) : undefined;
    if (!decoded) throw refuse('is not a write token');
    for (const write of decoded) writes.set(JSON.stringify(write), write);
  }
  return [...writes.values()];
}

/** Returns undefined for a text that is not a token. */
function decode(token: string): AcknowledgedWrite[] | undefined {
  if (token.length > MAX_LENGTH || !token.startsWith(PREFIX)) return undefined;
  try {
    const parts: unknown = JSON.parse(Buffer.from(token.slice(PREFIX.length), 'base64url').toString());
    if (!Array.isArray(parts) || parts.length === 0) return undefined;
    const writes = parts.map(toWrite);
    return writes.every((write) => write !== undefined) ? writes : undefined;
  } catch {
    return undefined;
  }
}

function toWrite(part: unknown): AcknowledgedWrite | undefined {
  if (!Array.isArray(part) || part.length !== 4) return undefined;
  const [endpoint, shard, record, id] = part as unknown[];
  const isWrite =
    [endpoint, shard, id].every((text) => typeof text === 'string' && text.length <= MAX_TEXT) &&
    recordNames.includes(record as RecordName);
  return isWrite ? ({ endpoint, shard, record, id } as AcknowledgedWrite) : undefined;
}
