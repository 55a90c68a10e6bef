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

  /** Returns the blocks that the next chunk completes. Throws `BrokenAnswerError` for bytes that are no block. */
  push(chunk: Buffer): DecodedBlock[] {
    this.#input.bytes = chunk;
    this.#input.offset = 0;
    const blocks: DecodedBlock[] = [];
    try {
      for (let block = this.#blocks.next().value; block; block = this.#blocks.next().value)
        blocks.push(block);
    } catch (error) {
      throw error instanceof NotUtf8Error ? error : new BrokenAnswerError('cannot be read', { cause: error });
    }
    return blocks;
  }

  /** Returns the error of an answer that ends here, inside a block; undefined between blocks. */
  end(): BrokenAnswerError | undefined {
    return this.#betweenBlocks ? undefined : new BrokenAnswerError('ends in the middle of a block');
  }

  *#parse(): Generator<DecodedBlock | void, never, void> {
    const input = this.#input;
    for (;;) {
      while (input.offset === input.bytes.length) yield;
      this.#betweenBlocks = false;
      const columnCount = input.smallNumber() ?? (yield* readVarint(input));
      const rowCount = input.smallNumber() ?? checkCount(yield* readVarint(input));
      if (columnCount === 0 && rowCount > 0) throw new TypeError('a block has rows and no columns');
      const columns = new Map<string, NativeColumn>();
      let previous: Pick<ColumnHead, 'next'> = BLOCK_START;
      while (columns.size < columnCount) {
        let head = previous.next;
        const end = input.offset + (head?.bytes.length ?? Infinity);
        if (head && end <= input.bytes.length && head.bytes.compare(input.bytes, input.offset, end) === 0) {
          input.offset = end;
        } else {
          head = headInChunk(input);
          if (head) previous.next = head;
          else head = yield* readHead(input);
        }
        previous = head;
        const { name, reader } = head;
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
  /** The name and the type as they are sent; none of a head that was cut. */
  readonly bytes: Buffer;
  /** Head that came behind this one last, and mostly comes behind it again: statements are few. */
  next: ColumnHead | undefined;
}

function* readHead(input: ByteInput): Reading<ColumnHead> {
  const name = yield* readName(input, MAX_NAME_BYTES);
  const reader = readerOf(yield* readName(input, MAX_NAME_BYTES));
  return { name, reader, bytes: NOTHING, next: undefined };
}

const NOTHING = Buffer.alloc(0);
/** Comes before the first column of each block. */
const BLOCK_START: Pick<ColumnHead, 'next'> = { next: undefined };

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
    const reader = readerOf(bytes.toString('utf8', typeAt + 1, end));
    head = { name, reader, bytes: Buffer.from(text, 'latin1'), next: undefined };
    if (heads.size === MAX_HEADS) heads.clear();
    heads.set(text, head);
  }
  input.offset = end;
  return head;
}
