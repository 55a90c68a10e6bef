import { BrokenAnswerError, NotUtf8Error } from './answer-errors.js';
import { ByteInput, checkCount, readName, readVarint } from './byte-input.js';
import type { NativeColumn } from './column.js';
import { readerOf } from './reader-of.js';
import { MAX_NAME_BYTES } from './type-name.js';

/** Rows that arrived together, as columns. Values are made when they are asked for. */
export class DecodedBlock {
  readonly rowCount: number;
  readonly #columns: ReadonlyMap<string, NativeColumn>;

  constructor(rowCount: number, columns: ReadonlyMap<string, NativeColumn>) {
    this.rowCount = rowCount;
    this.#columns = columns;
  }

  /** Names of the columns, in order. */
  get names(): string[] {
    return [...this.#columns.keys()];
  }

  /** Throws `TypeError` if the block has no such column. */
  column(name: string): NativeColumn {
    const column = this.#columns.get(name);
    if (!column) throw new TypeError(`the block has no column ${name}`);
    return column;
  }
}

/** Parses blocks, each byte once, however their bytes are cut into chunks. */
export class BlockParser {
  readonly #input = new ByteInput();
  readonly #blocks = this.#parse();
  #betweenBlocks = true;

  /** Yields the blocks that the next chunk completes. Throws `BrokenAnswerError` for bytes that are no block. */
  *push(chunk: Buffer): Generator<DecodedBlock, void, void> {
    this.#input.push(chunk);
    for (;;) {
      let block: DecodedBlock | void;
      try {
        block = this.#blocks.next().value;
      } catch (error) {
        if (error instanceof NotUtf8Error) throw error;
        throw new BrokenAnswerError('cannot be read', { cause: error });
      }
      if (!block) return;
      yield block;
    }
  }

  /** Returns the error of an answer that ends here, inside a block; undefined between blocks. */
  end(): BrokenAnswerError | undefined {
    return this.#betweenBlocks ? undefined : new BrokenAnswerError('ends in the middle of a block');
  }

  *#parse(): Generator<DecodedBlock | void, never, void> {
    const input = this.#input;
    for (;;) {
      while (input.available === 0) yield;
      this.#betweenBlocks = false;
      const columnCount = yield* readVarint(input);
      const rowCount = checkCount(yield* readVarint(input));
      if (columnCount === 0 && rowCount > 0) throw new TypeError('a block has rows and no columns');
      const columns = new Map<string, NativeColumn>();
      while (columns.size < columnCount) {
        const name = yield* readName(input, MAX_NAME_BYTES);
        if (columns.has(name)) throw new TypeError(`two columns have the name ${name}`);
        const reader = readerOf(yield* readName(input, MAX_NAME_BYTES));
        if (rowCount > 0 && reader.prefix) yield* reader.prefix(input);
        columns.set(name, yield* reader.read(input, rowCount));
      }
      this.#betweenBlocks = true;
      yield new DecodedBlock(rowCount, columns);
    }
  }
}
