import type {
  BlockWriter,
  CallOptions,
  Guarantee,
  GuaranteeInspector,
  TableGuarantees,
  TimeSource,
} from '@quantumtrade/dal-domain';
import { ConnectionError, GUARANTEES, unmetGuarantees, ValidationError } from '@quantumtrade/dal-domain';
import { OPEN_WRITER } from './batch-writer-options.js';
import { isPermanent, isRetryable, messageOf } from './retry.js';

/** Guarantees that a batch writer requires of the tables it writes to. */
export interface RequiredGuarantees {
  /**
   * Guarantees that every record's table must give; otherwise the writer is refused.
   * @default `LOSSLESS` for a writer with a journal, which may send blocks again; none for other writers
   */
  readonly requires?: readonly Guarantee[];
}

/** Throws `ValidationError` unless the value is undefined or a list of guarantees. */
export function requireGuarantees(requires: unknown): void {
  if (requires === undefined) return;
  const isKnown = (guarantee: unknown) => (GUARANTEES as readonly unknown[]).includes(guarantee);
  if (Array.isArray(requires) && requires.every(isKnown)) return;
  const reason = `must be a list of ${GUARANTEES.join(', ')}`;
  throw new ValidationError('requires', reason, { operation: OPEN_WRITER });
}

/** Tables change rarely, and by hand. */
const RECENT_MS = 60_000;
const INSPECT_WITHIN_MS = 2_000;

/** Creates the error of a store to which no block may be written: the block stays in the journal. */
const unwritable = (reason: string, cause?: unknown) =>
  new ConnectionError(reason, { operation: OPEN_WRITER, retryable: false, cause });

/** Inspects the guarantees of the tables, keeps the last result, and refuses writers that require more. */
export class GuaranteeMonitor {
  readonly #inspector: GuaranteeInspector;
  readonly #clock: TimeSource;
  #found: { readonly at: number; readonly tables: readonly TableGuarantees[] } | undefined;

  constructor(inspector: GuaranteeInspector, clock: TimeSource) {
    this.#inspector = inspector;
    this.#clock = clock;
  }

  async inspect(options?: CallOptions): Promise<readonly TableGuarantees[]> {
    const tables = await this.#inspector.inspect(options);
    this.#found = { at: this.#clock.now(), tables };
    return tables;
  }

  /** Returns the result of the last minute, or inspects. */
  async recent(options?: CallOptions): Promise<readonly TableGuarantees[]> {
    const found = this.#found;
    if (found && Math.abs(this.#clock.now() - found.at) < RECENT_MS) return found.tables;
    return this.inspect(options);
  }

  /** Forgets the last result. To be called when the store was unavailable: another one may come back. */
  forget(): void {
    this.#found = undefined;
  }

  /**
   * Returns a block writer to tables with the required guarantees. When the store cannot be inspected now, the first block
   * waits for the result, and no block is written if a guarantee is missing.
   * @throws ValidationError naming each table without a required guarantee, and the reason
   */
  async guard(blocks: BlockWriter, required: readonly Guarantee[]): Promise<BlockWriter> {
    if (required.length === 0) return blocks;
    try {
      const unmet = await this.#unmet(required, { deadline: Date.now() + INSPECT_WITHIN_MS });
      if (unmet) throw new ValidationError('requires', unmet, { operation: OPEN_WRITER });
      return blocks;
    } catch (error) {
      if (!isRetryable(error)) throw error;
    }
    let checked = false;
    return {
      collect: (record) => blocks.collect(record),
      write: async (block, options) => {
        if (!checked) {
          const unmet = await this.#unmet(required, options).catch((cause: unknown) => {
            const isAbort = options?.signal?.aborted ?? false;
            throw isPermanent(cause) && !isAbort ? unwritable(messageOf(cause), cause) : cause;
          });
          if (unmet) throw unwritable(unmet);
          checked = true;
        }
        return blocks.write(block, options);
      },
    };
  }

  async #unmet(
    required: readonly Guarantee[],
    { signal, deadline }: CallOptions = {},
  ): Promise<string | undefined> {
    const limits = { ...(signal && { signal }), ...(deadline !== undefined && { deadline }) };
    const unmet = unmetGuarantees(await this.inspect(limits), required);
    return unmet.length === 0 ? undefined : `the store does not keep what is required: ${unmet.join('; ')}`;
  }
}
