import { BrokenAnswerError, NotUtf8Error } from './decode-errors.js';
import type { Reading } from './byte-input.js';
import { ByteInput, checkCount, readName, readVarint } from './byte-input.js';
import type { ColumnReader, NativeColumn } from './column.js';
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
        const { name, reader } = headInChunk(input) ?? (yield* readHead(input));
        if (columns.has(name)) throw new TypeError(`two columns have the name ${name}`);
        const whole = rowCount > 0 ? reader.readWhole?.(input, rowCount) : undefined;
        columns.set(name, whole ?? (yield* readInSteps(reader, input, rowCount)));
      }
      this.#betweenBlocks = true;
      yield new DecodedBlock(rowCount, columns);
    }
  }
}

function* readInSteps(reader: ColumnReader, input: ByteInput, rows: number): Reading<NativeColumn> {
  if (rows > 0 && reader.prefix) yield* reader.prefix(input);
  return yield* reader.read(input, rows);
}

/** Beginning of a column: its name and its type. */
interface ColumnHead {
  readonly name: string;
  /** Reader of the type. */
  readonly reader: ColumnReader;
}

function* readHead(input: ByteInput): Reading<ColumnHead> {
  const name = yield* readName(input, MAX_NAME_BYTES);
  return { name, reader: readerOf(yield* readName(input, MAX_NAME_BYTES)) };
}

/** The heads that answers had so far, by their bytes as text. */
const heads = new Map<string, ColumnHead>();
/** Far more than the columns of the tables and statements of the data layer. */
const MAX_HEADS = 1_000;
/** Lengths from here on have more than one byte. */
const LONG_LENGTH = 0x80;

/** Reads a head that is in the chunk. Returns undefined, and has read nothing, where bytes are missing or a name is long. */
function headInChunk(input: ByteInput): ColumnHead | undefined {
  const { bytes, offset } = input;
  const nameLength = bytes[offset]!;
  const typeAt = offset + 1 + nameLength;
  const typeLength = bytes[typeAt]!;
  const end = typeAt + 1 + typeLength;
  if (!(nameLength < LONG_LENGTH && typeLength < LONG_LENGTH && end <= bytes.length)) return undefined;
  const text = bytes.toString('latin1', offset, end);
  let head = heads.get(text);
  if (!head) {
    const name = bytes.toString('utf8', offset + 1, typeAt);
    head = { name, reader: readerOf(bytes.toString('utf8', typeAt + 1, end)) };
    if (heads.size === MAX_HEADS) heads.clear();
    heads.set(text, head);
  }
  input.offset = end;
  return head;
}
