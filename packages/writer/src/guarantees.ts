import type {
  BlockWriter,
  CallOptions,
  TimeSource,
  Guarantee,
  GuaranteeInspector,
  TableGuarantees,
} from '@quantumtrade/dal-domain';
import { ConnectionError, GUARANTEES, unmetGuarantees, ValidationError } from '@quantumtrade/dal-domain';
import { isRefusal, isRetryable, messageOf } from './retry.js';

/** What a batch writer demands of the tables it writes to. */
export interface RequiredGuarantees {
  /**
   * What every record's table must keep; without it the writer is refused. Default is `LOSSLESS` for a writer with a
   * journal, which may give blocks again, and nothing for one without.
   */
  readonly requires?: readonly Guarantee[];
}

/** Throws `ValidationError` unless the value is undefined or a list of guarantees. */
export function requireGuarantees(requires: unknown): void {
  if (requires === undefined) return;
  const isKnown = (guarantee: unknown) => (GUARANTEES as readonly unknown[]).includes(guarantee);
  if (Array.isArray(requires) && requires.every(isKnown)) return;
  const reason = `must be a list of ${GUARANTEES.join(', ')}`;
  throw new ValidationError('requires', reason, { operation: 'batchWriter.open' });
}

/** A table is changed by hand, if at all. */
const RECENT_MS = 60_000;
const ASK_FOR_MS = 2_000;

const OPERATION = 'batchWriter.open';

/** The tables cannot be written to, whatever the block: whoever has it keeps it. */
const notTheBlock = (reason: string, cause?: unknown) =>
  new ConnectionError(reason, { operation: OPERATION, retryable: false, cause });

/** What the tables keep, as last found. */
export class Guarantees {
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

  /** As {@link inspect}, but asks at most once a minute unless the last finding was forgotten. */
  async recent(options?: CallOptions): Promise<readonly TableGuarantees[]> {
    const found = this.#found;
    if (found && Math.abs(this.#clock.now() - found.at) < RECENT_MS) return found.tables;
    return this.inspect(options);
  }

  /** For when the store was away: what comes back may be another one. */
  forget(): void {
    this.#found = undefined;
  }

  /**
   * The way to tables that keep what is required. Where the store cannot be asked now, the first block that is written
   * waits for the answer, and none is written if it is no.
   * @throws ValidationError naming each table that does not keep it, and why
   */
  async guard(blocks: BlockWriter, required: readonly Guarantee[]): Promise<BlockWriter> {
    if (required.length === 0) return blocks;
    try {
      const unmet = await this.#unmet(required, { deadline: Date.now() + ASK_FOR_MS });
      if (unmet) throw new ValidationError('requires', unmet, { operation: OPERATION });
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
            throw isRefusal(cause) && !options?.signal?.aborted
              ? notTheBlock(messageOf(cause), cause)
              : cause;
          });
          if (unmet) throw notTheBlock(unmet);
          checked = true;
        }
        return blocks.write(block, options);
      },
    };
  }

  async #unmet(required: readonly Guarantee[], options?: CallOptions): Promise<string | undefined> {
    const unmet = unmetGuarantees(await this.inspect(options), required);
    return unmet.length === 0 ? undefined : `the store does not keep what is required: ${unmet.join('; ')}`;
  }
}
