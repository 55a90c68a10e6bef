import type { DatabaseAbstraction } from '@quantumtrade/dal';
import type { CallOptions } from '@quantumtrade/dal-domain';
import type { CompletenessQuery } from './queries.js';

const DAY_MS = 86_400_000;
/** Symbols of several sources whose bars are compared, and bars of each. */
const MAX_COMPARED = 20;
const MAX_COMPARED_BARS = 50_000;
const MISSING_SHOWN = 10;

/** Range of a report: whole days in UTC. */
interface DataRange {
  readonly startTime: number;
  readonly endTime: number;
}

/** Completeness of one symbol. */
interface SymbolCompleteness {
  readonly symbol: string;
  readonly bars: number;
  readonly days: number;
  /** Days between its first and last one on which other symbols have bars, and it has none. */
  readonly missingDays: number;
  /** The newest of these days, e.g. `2024-01-05`. */
  readonly missing: readonly string[];
  readonly sources: readonly string[];
  /** Bars that were written after a later bar of their source: they came late, or were corrected. */
  readonly lateBars: number;
  /** Instants at which two sources have different closes; null where it was not compared. */
  readonly disagreements: number | null;
}

/** Returns the days to report about: those before the end of the newest day with bars, unless the query has an end. */
export async function dataRange(
  database: DatabaseAbstraction,
  { days, endTime }: CompletenessQuery,
  call: CallOptions,
): Promise<DataRange> {
  let end = endTime;
  if (end === undefined) {
    const newest = {
      order: 'time',
      direction: 'descending',
      limit: 1,
      count: false,
      select: ['timestamp'],
    } as const;
    const { data } = await database.marketData.find(newest, call);
    end = (data[0]?.timestamp.getTime() ?? 0) + 1;
  }
  const endOfDay = Math.ceil(end / DAY_MS) * DAY_MS;
  return { startTime: endOfDay - days * DAY_MS, endTime: endOfDay };
}

/** Bars of one symbol in all sources. */
interface SeenBars {
  bars: number;
  lateBars: number;
  /** Beginnings of the days with bars. */
  readonly days: Set<number>;
  readonly sources: Set<string>;
}

/** Compares the days of every symbol with all days that any symbol has. No calendar of an exchange is needed for it. */
export async function completeness(database: DatabaseAbstraction, range: DataRange, call: CallOptions) {
  const { data } = await database.getAggregatedData(
    { ...range, interval: '1d', groupBy: ['symbol', 'source'] },
    call,
  );
  const seen = new Set<number>();
  const bySymbol = new Map<string, SeenBars>();
  for (const { intervalStart, group, count } of data) {
    const day = intervalStart!.getTime();
    seen.add(day);
    let found = bySymbol.get(group.symbol!);
    if (!found)
      bySymbol.set(group.symbol!, (found = { bars: 0, lateBars: 0, days: new Set(), sources: new Set() }));
    found.bars += count;
    found.days.add(day);
    found.sources.add(group.source!);
  }
  for (const { symbol, lateBars } of await database.analytics.lateBars(range, call)) {
    const found = bySymbol.get(symbol);
    if (found) found.lateBars += lateBars;
  }
  const allDays = [...seen].sort((a, b) => b - a);
  const symbols: SymbolCompleteness[] = [];
  let compared = 0;
  for (const [symbol, { bars, lateBars, days, sources }] of bySymbol) {
    const first = Math.min(...days);
    const last = Math.max(...days);
    const missing = allDays.filter((day) => day > first && day < last && !days.has(day));
    const isCompared = sources.size > 1 && compared++ < MAX_COMPARED;
    symbols.push({
      symbol,
      bars,
      days: days.size,
      missingDays: missing.length,
      missing: missing.slice(0, MISSING_SHOWN).map((day) => new Date(day).toISOString().slice(0, 10)),
      sources: [...sources].sort(),
      lateBars,
      disagreements:
        sources.size === 1 ? 0 : isCompared ? await disagreements(database, symbol, range, call) : null,
    });
  }
  const problems = ({ missingDays, lateBars, disagreements: found }: SymbolCompleteness) =>
    missingDays + lateBars + (found ?? 0);
  symbols.sort((a, b) => problems(b) - problems(a) || (a.symbol < b.symbol ? -1 : 1));
  return { ...range, daysSeen: seen.size, symbols };
}

/** Returns at how many instants the newest bars of a symbol have different closes. */
async function disagreements(
  database: DatabaseAbstraction,
  symbol: string,
  range: DataRange,
  call: CallOptions,
): Promise<number> {
  const { data } = await database.marketData.find(
    {
      ...range,
      symbol,
      direction: 'descending',
      limit: MAX_COMPARED_BARS,
      count: false,
      select: ['timestamp', 'close'],
      instants: 'number',
    },
    call,
  );
  const closes = new Map<number, number>();
  const differing = new Set<number>();
  for (const { timestamp, close } of data) {
    const other = closes.get(timestamp);
    if (other === undefined) closes.set(timestamp, close);
    else if (other !== close) differing.add(timestamp);
  }
  return differing.size;
}
