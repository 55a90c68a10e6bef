import type { RecordName } from '../records/records.js';
import type { EncodedBlock } from './block-writer.js';

/** Reason for which the store refuses a block permanently. */
export interface DeadLetterReason {
  /** The error's code, e.g. `QUERY`. */
  readonly code: string;
  readonly message: string;
}

/** A block that the store refused permanently. */
export interface DeadLetter {
  readonly block: EncodedBlock;
  readonly reason: DeadLetterReason;
  /** Time of the refusal, in epoch milliseconds. */
  readonly at: number;
}

/** A dead letter without its bytes. */
export interface DeadLetterSummary {
  /** Id of the block. */
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

/** Keeps refused blocks until they are written again or removed. */
export interface DeadLetterStore {
  /** Resolves when the letter is durable. A letter of the same block is replaced. */
  add(letter: DeadLetter): Promise<void>;
  /** Returns all letters, the oldest first, then the damaged ones by name. */
  list(): Promise<(DeadLetterSummary | DamagedDeadLetter)[]>;
  /**
   * Returns the letter of the block with this id, or null.
   * @throws QueryError naming the file when the letter is damaged
   */
  get(id: string): Promise<DeadLetter | null>;
  /** Removes a letter and returns whether it existed. */
  remove(id: string): Promise<boolean>;
}

export function summaryOf({ block, reason, at }: DeadLetter): DeadLetterSummary {
  const { id, record, rowCount, bytes } = block;
  return { id, record, rowCount, byteLength: bytes.byteLength, reason, at };
}
