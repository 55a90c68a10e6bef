import type { CallOptions } from '@quantumtrade/dal-domain';
import type { ObjectStore } from '@quantumtrade/dal-domain/operations';
import { prunedKey } from './keys.js';
import { sealJson, unsealJson } from './sealed-json.js';

/** Names the first segment that is kept. */
interface PrunedArchive {
  readonly firstKept: number;
}

/** Records the first segment of a writer that is kept, before older ones are removed. */
export const putFirstKept = (
  store: ObjectStore,
  writer: string,
  firstKept: number,
  options?: CallOptions,
): Promise<void> => store.put(prunedKey(writer), sealJson({ firstKept } satisfies PrunedArchive), options);

/** Returns the number of the first segment of a writer that is kept; 1 when none was removed. Throws `ValidationError` when it was changed. */
export async function readFirstKept(
  store: ObjectStore,
  writer: string,
  options?: CallOptions,
): Promise<number> {
  const key = prunedKey(writer);
  const bytes = await store.get(key, options);
  return bytes ? unsealJson<PrunedArchive>(key, bytes).firstKept : 1;
}
