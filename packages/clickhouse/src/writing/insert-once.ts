import type { CallOptions, RecordDefinition } from '@quantumtrade/dal-domain';
import { ConnectionError } from '@quantumtrade/dal-domain';
import type { Sql, SqlBlock } from '../client/sql.js';
import { BlockKeys } from './block-keys.js';
import { decodeWhole } from './decode-whole.js';
import { hasRows } from './existing-keys.js';

/** Each follows a death of the engine at the worst moment. */
const MOST_TOKENS = 10;

/**
 * Stores a block once. The engine notes a token shortly before the rows are a part of the table. When it dies in between,
 * it takes the block for stored as long as it remembers the token, and answers so. Therefore the rows of a block that may
 * have been sent before are looked up, and sent under another token where they are missing.
 */
export async function insertOnce(
  sql: Sql,
  definition: RecordDefinition,
  block: Omit<SqlBlock, 'table'> & { readonly isNew: boolean },
  operation: string,
  options: CallOptions | undefined,
): Promise<void> {
  const { token, bytes, retried, isNew } = block;
  for (let n = 0; n < MOST_TOKENS; n++) {
    const attempt = { table: definition.table, token: n === 0 ? token : `${token}:${n}`, bytes, retried };
    const attempts = await sql.insert(operation, attempt, options);
    if (isNew && attempts === 1 && n === 0) return;
    const keys = new BlockKeys(definition, [(await decodeWhole(bytes))!]);
    if (await hasRows(sql, keys, operation, options)) return;
  }
  throw new ConnectionError('the server says that rows are stored, and does not have them', { operation });
}
