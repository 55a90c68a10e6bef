import { parseReport } from '../../connection/answer.js';
import { ByteReader, Incomplete } from './byte-reader.js';
import type { DecodedColumn } from './column.js';
import { readerOf } from './reader-of.js';
import { MAX_NAME_BYTES } from './type-name.js';
import { PendingBytes } from './pending-bytes.js';
import { ServerReport } from './server-report.js';

/** An answer that is no sequence of whole blocks: the connection was cut, or the bytes were changed on the way. */
export class BrokenAnswerError extends Error {
  constructor(reason: string, options?: ErrorOptions) {
    super(`the answer in Native format ${reason}`, options);
    this.name = new.target.name;
  }
}

/** Rows that arrived together. Values are made when they are asked for. */
export class DecodedBlock {
  readonly rowCount: number;
  readonly #columns: ReadonlyMap<string, DecodedColumn>;

  constructor(rowCount: number, columns: ReadonlyMap<string, DecodedColumn>) {
    this.rowCount = rowCount;
    this.#columns = columns;
  }

  /** Names of the columns, in order. */
  get names(): string[] {
    return [...this.#columns.keys()];
  }

  /** Throws `TypeError` if the block has no such column. */
  column(name: string): DecodedColumn {
    const column = this.#columns.get(name);
    if (!column) throw new TypeError(`the block has no column ${name}`);
    return column;
  }
}

export interface DecodeOptions {
  /**
   * The answer's header `X-ClickHouse-Exception-Tag`. With it, an error of the server is noticed before any of it is taken
   * for data. Without it, an error is noticed between blocks, and inside a block that it leaves unfinished.
   */
  readonly exceptionTag?: string | undefined;
}

/**
 * Reads the answer to `SELECT … FORMAT Native`, however its bytes are cut into chunks.
 *
 * Throws `ServerError` when the server reports an error behind its HTTP 200, `BrokenAnswerError` when the
 * answer ends too early or cannot be read, and otherwise what the chunks throw.
 */
export async function* decodeBlocks(
  chunks: AsyncIterable<Uint8Array>,
  { exceptionTag }: DecodeOptions = {},
): AsyncGenerator<DecodedBlock, void, undefined> {
  const pending = new PendingBytes();
  const parser = new BlockParser();
  const report = new ServerReport(exceptionTag);
  const next = (atEnd: boolean) => {
    const before = pending.length;
    const end = report.dataEnd(pending.upTo(), parser.betweenBlocks);
    if (atEnd) parser.expectNoMore();
    const block = parser.next(pending, atEnd ? before : end);
    report.consumed(before - pending.length);
    return block;
  };
  const reported = () => {
    const text = report.text(pending.upTo());
    return text === undefined ? undefined : parseReport(text);
  };
  try {
    for await (const chunk of chunks) {
      pending.append(chunk);
      for (let block = next(false); block; block = next(false)) yield block;
    }
  } catch (error) {
    // A server that reports an error cuts the connection.
    throw reported() ?? error;
  }
  const error = reported();
  if (error) throw error;
  for (let block = next(true); block; block = next(true)) yield block;
  if (pending.length > 0 || !parser.betweenBlocks)
    throw new BrokenAnswerError('ends in the middle of a block');
}

/** Reads blocks column by column and goes on where the bytes ended, so that none is read over and over. */
class BlockParser {
  #head: { readonly columns: number; readonly rows: number } | undefined;
  readonly #columns = new Map<string, DecodedColumn>();
  /** How many bytes to wait for before the next step is tried. */
  #needed = 1;

  get betweenBlocks(): boolean {
    return this.#head === undefined;
  }

  /** Lets the parser try what has arrived: no more bytes will come. */
  expectNoMore(): void {
    this.#needed = 1;
  }

  /** The next block if the pending bytes up to `end` complete it. What is read is consumed. */
  next(pending: PendingBytes, end: number): DecodedBlock | undefined {
    let rest = end;
    while (rest >= this.#needed) {
      const reader = new ByteReader(pending.upTo(rest));
      try {
        this.#step(reader);
      } catch (error) {
        if (!(error instanceof Incomplete)) throw new BrokenAnswerError('cannot be read', { cause: error });
        this.#needed = rest + error.missing;
        return undefined;
      }
      this.#needed = 1;
      pending.consume(reader.offset);
      rest -= reader.offset;
      const head = this.#head!;
      if (this.#columns.size === head.columns) {
        const block = new DecodedBlock(head.rows, new Map(this.#columns));
        this.#head = undefined;
        this.#columns.clear();
        return block;
      }
    }
    return undefined;
  }

  /** Reads the head of a block or one column. */
  #step(reader: ByteReader): void {
    if (!this.#head) {
      this.#head = { columns: reader.varint(), rows: reader.varint() };
      return;
    }
    const { rows } = this.#head;
    const name = reader.string(MAX_NAME_BYTES);
    if (this.#columns.has(name)) throw new TypeError(`two columns have the name ${name}`);
    const columnReader = readerOf(reader.string(MAX_NAME_BYTES));
    if (rows > 0) columnReader.prefix?.(reader);
    this.#columns.set(name, columnReader.read(reader, rows));
  }
}
