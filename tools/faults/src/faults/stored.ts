import type { DatabaseAbstraction } from '@quantumtrade/dal';
import { BAR_COLUMNS, barLine } from './bars.js';
import type { KillableServer } from './killable-server.js';

/** What is wrong with what is stored. Numbers of rows, the first few. */
export interface Findings {
  /** Acknowledged and not there. */
  readonly lost: readonly number[];
  /** There more than once, whether readers see it or not. */
  readonly doubled: readonly number[];
  /** With other values than were written. */
  readonly altered: readonly string[];
}

export const NOTHING_WRONG: Findings = { lost: [], doubled: [], altered: [] };

const SHOWN = 20;

/** Compares the table as it is, old versions of rows included, with what was acknowledged. */
export async function inspect(
  server: KillableServer,
  acknowledged: ReadonlySet<number>,
): Promise<Findings & { readonly stored: ReadonlySet<number> }> {
  const lines = (await server.ask(`SELECT ${BAR_COLUMNS} FROM market_data`)).split('\n').slice(0, -1);
  const stored = new Set<number>();
  const doubled: number[] = [];
  const altered: string[] = [];
  for (const line of lines) {
    const n = Number.parseInt(line);
    if (stored.has(n)) doubled.push(n);
    stored.add(n);
    if (line !== barLine(n)) altered.push(line);
  }
  const lost = [...acknowledged].filter((n) => !stored.has(n));
  const [count, keys] = (
    await server.ask('SELECT count(), uniqExact(symbol, timestamp, source) FROM market_data')
  ).split('\t');
  if (Number(count) !== lines.length || Number(keys) !== stored.size) throw new Error('the counts disagree');
  return {
    lost: lost.slice(0, SHOWN),
    doubled: doubled.slice(0, SHOWN),
    altered: altered.slice(0, SHOWN),
    stored,
  };
}

/** The numbers of the rows that readers see, each as often as they see it. */
export async function readBack(database: DatabaseAbstraction): Promise<number[]> {
  const { data, totalCount } = await database.getMarketData({});
  if (totalCount !== data.length) throw new Error('the counts disagree');
  return data.map(({ volume }) => Number(volume)).sort((a, b) => a - b);
}

export const ascending = (numbers: Iterable<number>): number[] => [...numbers].sort((a, b) => a - b);
