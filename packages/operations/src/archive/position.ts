import type { CallOptions } from '@quantumtrade/dal-domain';
import type { ObjectStore } from '@quantumtrade/dal-domain/operations';
import { positionKey } from './keys.js';
import { sealJson, unsealJson } from './sealed-json.js';

/** State of one writer's archive in the object store. */
export interface ArchivePosition {
  readonly writer: string;
  /** Database that the blocks were stored in. */
  readonly database: string;
  /** Every block that was stored at this instant or before is in the segments (epoch milliseconds). */
  readonly completeTo: number;
  /** Whether the writer has ended, so that no block of it is missing at any later instant. */
  readonly isClosed: boolean;
  /** Number of the last segment when this was written; 0 when there was none. */
  readonly sequence: number;
  /** SHA-256 of that segment, in hexadecimal. */
  readonly hash: string | null;
}

export const putPosition = (
  store: ObjectStore,
  position: ArchivePosition,
  options?: CallOptions,
): Promise<void> => store.put(positionKey(position.writer), sealJson(position), options);

/** Returns the position of a writer, or undefined when there is none. Throws `ValidationError` when it was changed. */
export async function readPosition(
  store: ObjectStore,
  writer: string,
  options?: CallOptions,
): Promise<ArchivePosition | undefined> {
  const key = positionKey(writer);
  const bytes = await store.get(key, options);
  return bytes && unsealJson<ArchivePosition>(key, bytes);
}
