import type { RecordDefinition, Row } from '@quantumtrade/dal-domain';
import type { DecodedBlock } from '../codec/read/block-parser.js';
import { ScratchMemory } from '../codec/read/number-memory.js';
import type { RecordReader } from '../codec/read/record-reader.js';
import { canonicalRow, canonicalRows } from './block-rows.js';

/** Smaller blocks are kept beside their rows: that costs less than to look at their ends. */
const MIN_DROPPED_ROWS = 1_024;
/** Rows at the end of a block of which the last one of a page may be: a page reads one row beyond its limit. */
const ENDS = 2;

/** How the rows of an answer are made, and for whom. */
export interface Arrival {
  readonly reader: RecordReader;
  readonly definition: RecordDefinition;
  /** Fields by which the rows are ordered. */
  readonly order: readonly string[];
  /** Number of callers, each of whom gets rows of its own. */
  readonly callers: number;
}

/** The rows that a block became when it arrived. */
interface ArrivedBlock {
  readonly rowCount: number;
  /** Undefined where its rows and ends are all that is needed. */
  readonly block: DecodedBlock | undefined;
  /** Undefined where they could not be made, or were taken. */
  rows: object[] | undefined;
  /** Fields of the order of the last rows, where there is no block. */
  readonly ends: readonly Row[];
}

/**
 * The answer to a query whose blocks become rows while the server makes further ones. Where one caller gets the rows, large blocks are
 * dropped then: V8 counts their memory with that of the rows, and marks the heap once more while the rows of a large page are made.
 */
export class ArrivedBlocks {
  readonly rowCount: number;
  readonly #arrival: Arrival;
  readonly #arrived: readonly ArrivedBlock[];

  private constructor(arrival: Arrival, arrived: readonly ArrivedBlock[]) {
    this.#arrival = arrival;
    this.#arrived = arrived;
    this.rowCount = arrived.reduce((sum, { rowCount }) => sum + rowCount, 0);
  }

  /** Reads an answer. */
  static async read(
    arrival: Arrival,
    run: (arrive: (block: DecodedBlock) => ArrivedBlock) => Promise<ArrivedBlock[]>,
  ): Promise<ArrivedBlocks> {
    const memories = arrival.reader.names.map(() => new ScratchMemory());
    return new ArrivedBlocks(arrival, await run((block) => arrive(arrival, block, memories)));
  }

  /** Returns the first rows, as often as there are callers. Each has rows of its own: those that were made on arrival are returned once. */
  takeRows(count: number): object[] {
    const parts: object[][] = [];
    let left = count;
    for (const arrived of this.#arrived) {
      if (left === 0) break;
      const { block, rowCount, rows: made } = arrived;
      const taken = Math.min(left, rowCount);
      left -= taken;
      if (made) {
        arrived.rows = undefined;
        made.length = taken;
        parts.push(made);
      } else parts.push(this.#arrival.reader.rows(block!, 0, taken));
    }
    return parts.length === 1 ? parts[0]! : concat(parts);
  }

  /** Returns the fields of the order of the row at a position, one of the last two. Returns undefined where there is no such row. */
  orderOf(position: number): Row | undefined {
    const { definition, order } = this.#arrival;
    let left = position;
    for (const { rowCount, block, ends } of this.#arrived) {
      if (left >= 0 && left < rowCount) {
        return block ? canonicalRow(block, left, definition, order) : ends.at(left - rowCount);
      }
      left -= rowCount;
    }
    return undefined;
  }
}

/** Keeps a block whose rows cannot be made as asked: what is wrong with it may be a value of a row beyond the page. */
function arrive(
  { reader, definition, order, callers }: Arrival,
  block: DecodedBlock,
  memories: readonly ScratchMemory[],
): ArrivedBlock {
  const { rowCount } = block;
  try {
    const rows = reader.rows(block, 0, rowCount, memories);
    if (callers > 1 || rowCount < MIN_DROPPED_ROWS) return { rowCount, block, rows, ends: [] };
    const ends = canonicalRows([{ block, from: rowCount - ENDS, to: rowCount }], definition, order);
    return { rowCount, block: undefined, rows, ends };
  } catch {
    return { rowCount, block, rows: undefined, ends: [] };
  }
}

/** Copies whole lists, which is faster than row after row. */
const concat = (parts: readonly object[][]): object[] => new Array<object>().concat(...parts);
