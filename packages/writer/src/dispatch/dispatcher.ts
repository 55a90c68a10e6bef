import type { BlockReceipt, RecordName } from '@quantumtrade/dal-domain';
import type { ByteBudget } from '../admission/byte-budget.js';
import type { WriteProgress } from '../batch-writer-options.js';
import type { RecordBuffer } from '../buffers/record-buffer.js';
import type { RecordBuffers } from '../buffers/record-buffers.js';
import type { Deliver } from '../delivery/block-delivery.js';
import type { InFlightBlock } from './in-flight-block.js';

type WriteTotals = Pick<WriteProgress, 'rows' | 'blocks' | 'bytes'>;

export interface DispatcherParts {
  readonly buffers: RecordBuffers;
  readonly budget: ByteBudget;
  readonly deliver: Deliver;
  /** Blocks that are sent at the same time. */
  readonly maxInFlight: number;
  /** Called after each block that is stored, or journaled. */
  readonly onStored: () => void;
}

/** Sends blocks, a bounded number at a time. A buffer that is due continues to collect until a block of it can be sent. */
export class Dispatcher {
  readonly #parts: DispatcherParts;
  readonly #ready: InFlightBlock[] = [];
  /** All blocks that are not stored: those that are ready and those that are being sent. */
  readonly #blocks = new Set<InFlightBlock>();
  #sending = 0;
  #totals: WriteTotals = { rows: 0, blocks: 0, bytes: 0 };

  constructor(parts: DispatcherParts) {
    this.#parts = parts;
  }

  get totals(): WriteTotals {
    return this.#totals;
  }

  /** Rows of the blocks that are not stored. */
  get rowCount(): number {
    return [...this.#blocks].reduce((sum, { block }) => sum + block.rowCount, 0);
  }

  /** Sends as many blocks as allowed: those of full buffers, then those of buffers that are due. */
  dispatch(): void {
    const { buffers, maxInFlight } = this.#parts;
    while (this.#sending < maxInFlight) {
      const due = buffers.nextDue();
      if (this.#ready.length === 0 && due) this.takeBlocks(due);
      const next = this.#ready.shift();
      if (next) this.#send(next);
      else if (!due) break;
    }
  }

  /** Empties a buffer. Its blocks are sent in their turn. */
  takeBlocks(buffer: RecordBuffer<RecordName>): void {
    const { buffers, budget } = this.#parts;
    buffers.removeDue(buffer);
    budget.use(-buffer.byteLength);
    for (const block of buffer.finish()) {
      budget.use(block.block.bytes.byteLength);
      this.#blocks.add(block);
      this.#ready.push(block);
    }
  }

  #send(block: InFlightBlock): void {
    const { budget } = this.#parts;
    this.#sending++;
    void this.#deliver(block).then(() => {
      this.#sending--;
      this.#blocks.delete(block);
      budget.use(-block.block.bytes.byteLength);
      this.dispatch();
      budget.admitWaiting();
    });
  }

  async #deliver(inFlight: InFlightBlock): Promise<void> {
    const { block, signal, findSuperseded } = inFlight;
    let receipt: BlockReceipt;
    try {
      receipt = await this.#parts.deliver(block, { signal, findSuperseded });
    } catch (error) {
      return inFlight.fail(error);
    }
    const { rows, blocks, bytes } = this.#totals;
    this.#totals = {
      rows: rows + block.rowCount,
      blocks: blocks + 1,
      bytes: bytes + block.bytes.byteLength,
    };
    inFlight.complete(receipt);
    this.#parts.onStored();
  }
}
