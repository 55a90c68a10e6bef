import type { EncodedBlock } from '@quantumtrade/dal-domain';

/** A block with annotations of the data layer, which the store ignores. */
export interface AnnotatedBlock extends EncodedBlock {
  /** Keys of the read-through cache whose values the rows may change; undefined when that may be any. */
  readonly affectedKeys?: readonly string[];
  /** Id of the transaction that the block is a part of. */
  readonly transactionId?: string;
}
