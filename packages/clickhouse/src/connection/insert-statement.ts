import type { LightAbortSignal } from '@quantumtrade/dal-runtime';
import { BrokenMessageError } from './answer-errors.js';
import { readReport, summaryCounts } from './answer-parts.js';
import type { Answer } from './body.js';
import type { InsertSelection, SqlBlock } from './sql.js';
import type { Statement } from './statement.js';

/** With it, the head of an answer comes when all is done, and says whether it succeeded. */
export const WAIT_END_OF_QUERY = { wait_end_of_query: 1 };
const ZSTD_DATA = { 'Content-Encoding': 'zstd' };
/** Makes one block, and so one part, of the blocks that an insert sends: it is stored as a whole or not at all. */
const ONE_BLOCK = { min_insert_block_size_rows: 2 ** 40, min_insert_block_size_bytes: 0 };

/** Keeps the order of chosen rows, and makes one block of them. */
const ONE_THREAD = { max_threads: 1, max_insert_threads: 1 };

type InsertStatement = Omit<Statement, 'database' | 'continues' | 'timeoutMs' | 'operation'>;

/** Returns the insert of a block. Without a list of columns, the engine goes by the names in the block. */
export const insertOf = ({
  table,
  token,
  bytes,
  retried,
  isZstd = false,
  isSeries = isZstd,
  selection,
}: SqlBlock): InsertStatement => ({
  purpose: 'primary',
  idempotency: 'tokened-insert',
  retriedByCaller: !retried,
  query: `INSERT INTO ${table} ${selection ? `${selectOf(selection)} ` : ''}FORMAT Native`,
  data: bytes,
  headers: isZstd ? ZSTD_DATA : undefined,
  settings: {
    insert_deduplication_token: token,
    ...WAIT_END_OF_QUERY,
    ...(isSeries && ONE_BLOCK),
    ...(selection && ONE_THREAD),
  },
});

function selectOf({ columns, condition }: InsertSelection): string {
  const structure = columns.map(({ name, type }) => `\`${name}\` ${type}`).join(', ');
  return `SELECT * FROM input('${structure.replace(/[\\']/g, '\\$&')}') WHERE ${condition}`;
}

/**
 * Reads the answer to an insert and returns whether the server's counts confirm that all its rows were stored now, or were read where it
 * chose from them. Throws `BrokenMessageError` when they say that some were not.
 */
export async function confirmsInsert(
  answer: Answer,
  signal: LightAbortSignal,
  { rowCount, selection }: Pick<SqlBlock, 'rowCount' | 'selection'>,
): Promise<boolean> {
  if ((await readReport(answer, signal)) !== '') {
    throw new BrokenMessageError('the answer to an insert is not empty');
  }
  const summary = summaryCounts(answer);
  const read = Number(summary['read_rows']);
  const written = selection ? read : Number(summary['written_rows']);
  if (written === rowCount) return true;
  const isIncomplete = written < rowCount && !Number.isNaN(read) && (written > 0 || read !== rowCount);
  if (!isIncomplete) return false;
  throw new BrokenMessageError(`the server ${selection ? 'read' : 'stored'} ${written} of ${rowCount} rows`);
}
