import { ServerError } from '../connection/server-errors.js';
import type { DecodedBlock } from '../codec/read/block-decoder.js';
import { BrokenAnswerError, decodeBlocks } from '../codec/read/block-decoder.js';

/** The one block that these bytes are, or undefined when they are anything else. */
export async function decodeWhole(bytes: Uint8Array): Promise<DecodedBlock | undefined> {
  const blocks: DecodedBlock[] = [];
  try {
    for await (const block of decodeBlocks(once(bytes))) blocks.push(block);
  } catch (error) {
    if (error instanceof BrokenAnswerError || error instanceof ServerError) return undefined;
    throw error;
  }
  return blocks.length === 1 ? blocks[0] : undefined;
}

async function* once<T>(item: T): AsyncGenerator<T, void, undefined> {
  yield item;
}
