import type { DatabaseAbstraction } from '@quantumtrade/dal';
import { BAR_COLUMNS, expectedLine } from './numbered-bars.js';
import type { KillableServer } from './killable-server.js';

/** Wrong rows of the table by number, the first few. */
export interface TableFindings {
  /** Rows that were acknowledged and are missing. */
  readonly lost: readonly number[];
  /** Rows that are stored more than once, visible to readers or not. */
  readonly doubled: readonly number[];
  /** Rows with other values than were written. */
  readonly altered: readonly string[];
}

export const NO_FINDINGS: TableFindings = { lost: [], doubled: [], altered: [] };

const MAX_LISTED = 20;

/** Compares all stored rows, including old versions, with the acknowledged ones. */
export async function inspectTable(
  server: KillableServer,
  acknowledged: ReadonlySet<number>,
): Promise<TableFindings & { readonly stored: ReadonlySet<number> }> {
  const lines = (await server.query(`SELECT ${BAR_COLUMNS} FROM market_data`)).split('\n').slice(0, -1);
  const stored = new Set<number>();
  const doubled: number[] = [];
  const altered: string[] = [];
  for (const line of lines) {
    const n = Number.parseInt(line);
    if (stored.has(n)) doubled.push(n);
    stored.add(n);
    if (line !== expectedLine(n)) altered.push(line);
  }
  const lost = [...acknowledged].filter((n) => !stored.has(n));
  const [count, keys] = (
    await server.query('SELECT count(), uniqExact(symbol, timestamp, source) FROM market_data')
  ).split('\t');
  if (Number(count) !== lines.length || Number(keys) !== stored.size) throw new Error('the counts disagree');
  return {
    lost: lost.slice(0, MAX_LISTED),
    doubled: doubled.slice(0, MAX_LISTED),
    altered: altered.slice(0, MAX_LISTED),
    stored,
  };
}

/** Returns the numbers of the rows that readers see, in ascending order. */
export async function readNumbers(database: DatabaseAbstraction): Promise<number[]> {
  const numbers: number[] = [];
  for await (const rows of database.marketData.stream({ select: ['volume'] })) {
    for (const { volume } of rows) numbers.push(Number(volume));
  }
  const { totalCount } = await database.getMarketData({ limit: 1 });
  if (totalCount !== numbers.length) throw new Error('the counts disagree');
  return ascending(numbers);
}

export const ascending = (numbers: Iterable<number>): number[] => [...numbers].sort((a, b) => a - b);
