import { marketData } from '@quantumtrade/dal-domain';
import { packagedMigrations } from '@quantumtrade/dal-migrations';
import { buildRow } from '@quantumtrade/dal-testing/records';
import { replicatedStatement } from '../cluster/replicated-statement.js';
import { BlockEncoder } from '../codec/block-encoder.js';
import { loadMigrations } from '../schema/migration-files.js';

/** Changes of the table for servers without `DateTime64`, whose values are the same 64 bits. Versions of a key stay rows of their own. */
const REDUCTIONS: readonly (readonly [RegExp, string])[] = [
  [/DateTime64\(\d, 'UTC'\)/g, 'Int64'],
  [/volume UInt64/, 'volume Decimal(38, 8)'],
  [/toYYYYMM\(timestamp\)/, 'intDiv(timestamp, 2592000000)'],
  [/$/, ', max_bytes_to_merge_at_max_space_in_pool = 1, max_bytes_to_merge_at_min_space_in_pool = 1'],
];

/** Returns the statement of the migrations that creates the table of bars, replicated and reduced to what servers of 2018 have. */
export async function reducedBars(database: string): Promise<string> {
  const [first] = await loadMigrations(packagedMigrations);
  const { text } = replicatedStatement(first!.up[0]!, { database, version: 1, direction: 'up' });
  return REDUCTIONS.reduce((statement, [from, to]) => statement.replace(from, to), text);
}

const encoder = new BlockEncoder(marketData, { writtenAt: { kind: 'version' } });
/** The type of an instant in a block, with its length before it. */
const INSTANT_TYPE = /\x14DateTime64\(\d, 'UTC'\)/g;

/** Returns a block with a bar of a symbol, as the writer encodes it, whose instants are called the integers that they are. */
export function reducedBlock(symbol: string): Buffer {
  const row = { ...buildRow('marketData'), symbol, source: 'test' };
  const { blocks } = encoder.encodeRows([row], { constants: { writtenAt: 1n } });
  const text = Buffer.from(blocks[0]!.bytes).toString('latin1');
  return Buffer.from(text.replace(INSTANT_TYPE, '\x05Int64'), 'latin1');
}
