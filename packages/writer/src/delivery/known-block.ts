import type { EncodedBlock } from '@quantumtrade/dal-domain';

/** A block, and what the data layer knows of it besides its rows. The store needs none of it. */
export interface KnownBlock extends EncodedBlock {
  /** Keys of the read-through cache whose values the rows may change. Without it, they may be any. */
  readonly touchedKeys?: readonly string[];
  /** The transaction that the block is a part of. */
  readonly transactionId?: string;
}
