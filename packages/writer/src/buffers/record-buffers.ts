import type { BlockWriter, RecordName } from '@quantumtrade/dal-domain';
import type { CompleteWriterOptions } from '../batch-writer-options.js';
import { RecordBuffer } from './record-buffer.js';

/** The buffers of all records, and the order in which they are due. */
export class RecordBuffers {
  readonly #blocks: BlockWriter;
  readonly #options: CompleteWriterOptions;
  readonly #buffers = new Map<RecordName, RecordBuffer<RecordName>>();
  readonly #due = new Set<RecordBuffer<RecordName>>();
  /** The buffer to which a batch is being appended in steps. */
  busy: RecordBuffer<RecordName> | undefined;

  constructor(blocks: BlockWriter, options: CompleteWriterOptions) {
    this.#blocks = blocks;
    this.#options = options;
  }

  of<N extends RecordName>(record: N): RecordBuffer<N> {
    let buffer = this.#buffers.get(record);
    if (!buffer) {
      buffer = new RecordBuffer(this.#blocks, record, this.#options);
      this.#buffers.set(record, buffer);
    }
    return buffer as RecordBuffer<N>;
  }

  get rowCount(): number {
    return [...this.#buffers.values()].reduce((sum, { rowCount }) => sum + rowCount, 0);
  }

  setDue(buffer: RecordBuffer<RecordName>): void {
    this.#due.add(buffer);
  }

  setAllDue(): void {
    for (const buffer of this.#buffers.values()) if (buffer.rowCount > 0) this.#due.add(buffer);
  }

  /** Returns the buffer that has been due longest and can be finished. */
  nextDue(): RecordBuffer<RecordName> | undefined {
    return [...this.#due].find((buffer) => buffer !== this.busy);
  }

  removeDue(buffer: RecordBuffer<RecordName>): void {
    this.#due.delete(buffer);
  }
}
