import type { BlockReceipt, BlockWriter, EncodedBlock, WriteBlockOptions } from '@quantumtrade/dal-domain';
import { ConnectionError, QueryError } from '@quantumtrade/dal-domain';
import type { Clock } from '@quantumtrade/dal-runtime';
import { onAbort } from '@quantumtrade/dal-runtime';
import type { Random } from '@quantumtrade/dal-testing';

const operation = 'marketData.insert';
const lost = () => new ConnectionError('the connection was lost', { operation });
const never = () => new Promise<never>(() => undefined);

/** A store that at random loses requests and answers, hangs, and refuses some blocks for good. */
export class FaultyStore {
  /** Rows of each block that was stored, by its id. */
  readonly stored = new Map<string, number>();
  isHealthy = false;
  readonly #inner: BlockWriter;
  readonly #random: Random;
  readonly #clock: Clock;
  readonly #refused = new Map<string, boolean>();
  readonly #bytes = new Map<string, Buffer>();

  constructor(inner: BlockWriter, random: Random, clock: Clock) {
    this.#inner = inner;
    this.#random = random;
    this.#clock = clock;
  }

  /** Returns the store for one process. A call of a dead process never settles. */
  connect(isAlive: () => boolean): BlockWriter {
    return {
      collect: (record) => this.#inner.collect(record),
      write: async (block, options) => {
        if (!isAlive()) return never();
        this.#checkBytes(block);
        if (!this.isHealthy) await this.#wait(this.#random.below(30));
        if (!isAlive()) return never();
        const receipt = await this.#write(block, options);
        return isAlive() ? receipt : never();
      },
    };
  }

  async #write(block: EncodedBlock, options?: WriteBlockOptions): Promise<BlockReceipt> {
    if (this.isHealthy) return this.#store(block, options);
    if (this.#isRefused(block.id)) throw new QueryError('INSERT', 'refused', { operation });
    const dice = this.#random.below(20);
    if (dice < 4) throw lost();
    if (dice === 4) throw new ConnectionError('the login was refused', { operation, retryable: false });
    if (dice === 5)
      return new Promise((_, reject) => {
        const signal = options?.signal;
        if (signal) onAbort(signal, () => reject(signal.reason as Error));
      });
    const receipt = await this.#store(block, options);
    if (dice < 10) throw lost();
    return receipt;
  }

  async #store(block: EncodedBlock, { findSuperseded = false }: WriteBlockOptions = {}) {
    const receipt = await this.#inner.write(block, { findSuperseded });
    this.stored.set(block.id, block.rowCount);
    return receipt;
  }

  #isRefused(id: string): boolean {
    const refused = this.#refused.get(id) ?? this.#random.chance(0.1);
    this.#refused.set(id, refused);
    return refused;
  }

  #checkBytes({ id, bytes }: EncodedBlock): void {
    const known = this.#bytes.get(id);
    if (known && !known.equals(bytes)) throw new Error('a block was written again with other bytes');
    this.#bytes.set(id, Buffer.from(bytes));
  }

  #wait(milliseconds: number): Promise<void> {
    return new Promise((resolve) => void this.#clock.after(milliseconds, resolve));
  }
}
