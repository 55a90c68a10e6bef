import type { RecordName } from '../records/records.js';
import type { EncodedBlock } from './block-writer.js';

/** Why the store will never take a block. */
export interface DeadLetterReason {
  /** The error's code, e.g. `QUERY`. */
  readonly code: string;
  readonly message: string;
}

/** A block that the store refused for good. */
export interface DeadLetter {
  readonly block: EncodedBlock;
  readonly reason: DeadLetterReason;
  /** When it was refused, in epoch milliseconds. */
  readonly at: number;
}

/** A dead letter without its bytes. */
export interface DeadLetterSummary {
  /** The block's id. */
  readonly id: string;
  readonly record: RecordName;
  readonly rowCount: number;
  /** Bytes of the block. */
  readonly byteLength: number;
  readonly reason: DeadLetterReason;
  readonly at: number;
  readonly damaged?: undefined;
}

/** A stored dead letter that cannot be read. The others are unaffected. */
export interface DamagedDeadLetter {
  readonly damaged: true;
  /** Name of its file; `get` and `remove` take it like the id of a block. */
  readonly id: string;
  /** Reason with the code `DAMAGED`. */
  readonly reason: DeadLetterReason;
}

/** Keeps what the store refused, until somebody writes it again or drops it. */
export interface DeadLetterStore {
  /** Resolves when the letter is durable. A letter of the same block is replaced. */
  add(letter: DeadLetter): Promise<void>;
  /** All letters, the oldest first, then what is damaged, by name. */
  list(): Promise<(DeadLetterSummary | DamagedDeadLetter)[]>;
  /**
   * The letter of the block with this id, or null.
   * @throws QueryError naming the file when the letter is damaged
   */
  get(id: string): Promise<DeadLetter | null>;
  /** Whether there was a letter to remove. */
  remove(id: string): Promise<boolean>;
}

export function summaryOf({ block, reason, at }: DeadLetter): DeadLetterSummary {
  const { id, record, rowCount, bytes } = block;
  return { id, record, rowCount, byteLength: bytes.byteLength, reason, at };
}
