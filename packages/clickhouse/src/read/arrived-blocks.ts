import type { DecodedBlock } from '../codec/read/block-parser.js';
import { ScratchMemory } from '../codec/read/number-memory.js';
import type { RecordReader } from '../codec/read/record-reader.js';

/** A block, and the rows that were made of it when it arrived. */
interface ArrivedBlock {
  readonly block: DecodedBlock;
  rows: object[] | undefined;
}

/** The answer to a query whose blocks become rows while the server makes further ones. */
export class ArrivedBlocks {
  readonly rowCount: number;
  readonly #reader: RecordReader;
  readonly #arrived: readonly ArrivedBlock[];

  private constructor(reader: RecordReader, arrived: readonly ArrivedBlock[]) {
    this.#reader = reader;
    this.#arrived = arrived;
    this.rowCount = arrived.reduce((sum, { block }) => sum + block.rowCount, 0);
  }

  /** Reads an answer, and makes rows by this reader. */
  static async read(
    reader: RecordReader,
    run: (arrive: (block: DecodedBlock) => ArrivedBlock) => Promise<ArrivedBlock[]>,
  ): Promise<ArrivedBlocks> {
    const memories = reader.names.map(() => new ScratchMemory());
    return new ArrivedBlocks(
      reader,
      await run((block) => ({ block, rows: tryRows(reader, block, memories) })),
    );
  }

  /** Returns the first rows. Each caller has rows of its own: those that were made on arrival are returned once. */
  takeRows(count: number, reader: RecordReader): object[] {
    const parts: object[][] = [];
    let left = count;
    for (const arrived of this.#arrived) {
      if (left === 0) break;
      const { block, rows: made } = arrived;
      const taken = Math.min(left, block.rowCount);
      left -= taken;
      if (made && reader === this.#reader) {
        arrived.rows = undefined;
        made.length = taken;
        parts.push(made);
      } else parts.push(reader.rows(block, 0, taken));
    }
    return parts.length === 1 ? parts[0]! : concat(parts);
  }

  /** Returns the block that has a row, and the row's position in it. */
  placeOf(row: number): { readonly block: DecodedBlock; readonly row: number } | undefined {
    let left = row;
    for (const { block } of this.#arrived) {
      if (left >= 0 && left < block.rowCount) return { block, row: left };
      left -= block.rowCount;
    }
    return undefined;
  }
}

/** Returns undefined when a value cannot be returned as asked: it may be one of a row beyond the page. */
function tryRows(
  reader: RecordReader,
  block: DecodedBlock,
  memories: readonly ScratchMemory[],
): object[] | undefined {
  try {
    return reader.rows(block, 0, block.rowCount, memories);
  } catch {
    return undefined;
  }
}

/** Copies whole lists, which is faster than row after row. */
const concat = (parts: readonly object[][]): object[] => new Array<object>().concat(...parts);
