import type { CallOptions, DatabaseError, RecordDefinition } from '@quantumtrade/dal-domain';
import { ConnectionError, isDatabaseError } from '@quantumtrade/dal-domain';
import type { Sql, SqlBlock } from '../connection/sql.js';
import { splitBlock } from '../codec/read/block-splitter.js';
import { BlockKeys } from './block-keys.js';
import { decodeWhole } from './decode-whole.js';
import { hasRows } from './existing-keys.js';
import { RefusedSizes } from './refused-sizes.js';

/** Each follows a death of the engine at the worst moment. */
const MOST_TOKENS = 10;

export interface UnstoredBlock extends Omit<SqlBlock, 'table'> {
  /** Whether the block was surely never sent before. */
  readonly isNew: boolean;
  /** Rows of one insert at most; a block of more is stored in parts. @default no limit */
  readonly maxRows?: number;
}

const refusedSizesOf = new WeakMap<Sql, RefusedSizes>();

/**
 * Stores a block once. Where it has more than `maxRows`, or the server or a gateway before it refuses it as too large, its halves are stored, and
 * theirs, down to single rows; each has a token that follows from the block's, so that an attempt after a failure sends the
 * same parts. A single row that is too large fails with a `QueryError` of the kind `TOO_LARGE`.
 */
export async function insertOnce(
  sql: Sql,
  definition: RecordDefinition,
  block: UnstoredBlock,
  operation: string,
  options: CallOptions | undefined,
): Promise<void> {
  const connection = sql.continuing;
  let refused = refusedSizesOf.get(connection);
  if (!refused) refusedSizesOf.set(connection, (refused = new RefusedSizes()));
  const { table } = definition;
  const size = block.bytes.length;
  if (block.rowCount > (block.maxRows ?? Infinity)) {
    return insertHalves(sql, definition, block, operation, options);
  }
  if (block.rowCount > 1 && refused.isTooLarge(table, size)) {
    return insertHalves(sql, definition, block, operation, options);
  }
  try {
    await insertWhole(sql, definition, block, operation, options);
    refused.accepted(table, size);
  } catch (error) {
    if (block.rowCount === 1 || !isTooLarge(error)) throw error;
    await insertHalves(sql, definition, block, operation, options);
    refused.acceptedInParts(table, size);
  }
}

async function insertHalves(
  sql: Sql,
  definition: RecordDefinition,
  { token, bytes, ...rest }: UnstoredBlock,
  operation: string,
  options: CallOptions | undefined,
): Promise<void> {
  for (const [n, half] of splitBlock(bytes).entries()) {
    await insertOnce(
      sql.continuing,
      definition,
      { ...rest, ...half, token: `${token}/${n}` },
      operation,
      options,
    );
  }
}

const isTooLarge = (error: unknown): error is DatabaseError =>
  isDatabaseError(error) && error.kind === 'TOO_LARGE';

/**
 * The engine notes a token shortly before the rows are a part of the table. When it dies in between, it takes the block for
 * stored as long as it remembers the token, and answers so. Therefore the rows of a block that may have been sent before are
 * looked up, and sent under another token where they are missing; and so are those that the server's counts do not confirm.
 */
async function insertWhole(
  sql: Sql,
  definition: RecordDefinition,
  { isNew, maxRows: _, ...block }: UnstoredBlock,
  operation: string,
  options: CallOptions | undefined,
): Promise<void> {
  for (let n = 0; n < MOST_TOKENS; n++) {
    const token = n === 0 ? block.token : `${block.token}:${n}`;
    const attempt = { ...block, table: definition.table, token };
    const { attempts, confirmed } = await (n === 0 ? sql : sql.continuing).insert(
      operation,
      attempt,
      options,
    );
    if (isNew && attempts === 1 && n === 0 && confirmed) return;
    const keys = new BlockKeys(definition, [(await decodeWhole(block.bytes))!]);
    if (await hasRows(sql, keys, operation, options)) return;
  }
  throw new ConnectionError('the server says that rows are stored, and does not have them', { operation });
}
