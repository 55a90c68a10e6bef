const TRADING_DAYS = 252;

const mean = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length;

/** Returns the standard deviation of a sample. */
export function deviation(values: readonly number[]): number {
  const centre = mean(values);
  return Math.sqrt(values.reduce((sum, value) => sum + (value - centre) ** 2, 0) / (values.length - 1));
}

/** Returns the relative change from each value to the next. */
const returns = (values: readonly number[]): number[] =>
  values.slice(1).map((value, index) => value / values[index]! - 1);

/** Returns the relative strength index, 0 to 100, from plain means of gains and losses (Cutler's). */
function relativeStrength(values: readonly number[]): number {
  const changes = values.slice(1).map((value, index) => value - values[index]!);
  const gains = changes.reduce((sum, change) => sum + Math.max(change, 0), 0);
  const losses = changes.reduce((sum, change) => sum + Math.max(-change, 0), 0);
  return gains + losses === 0 ? 50 : (100 * gains) / (gains + losses);
}

/** Each feature with its number of closes. */
const INDICATORS: Readonly<Record<string, { closes: number; of: (closes: readonly number[]) => number }>> = {
  close: { closes: 1, of: ([close]) => close! },
  return_1d: { closes: 2, of: ([before, close]) => close! / before! - 1 },
  return_5d: { closes: 6, of: (closes) => closes.at(-1)! / closes[0]! - 1 },
  sma_5: { closes: 5, of: mean },
  sma_20: { closes: 20, of: mean },
  rsi_14: { closes: 15, of: relativeStrength },
  volatility_5d: { closes: 6, of: (closes) => deviation(returns(closes)) * Math.sqrt(TRADING_DAYS) },
};

/** Returns the features of the day at `index` from closes up to that day, without those that need more days. */
export function indicators(closes: readonly number[], index: number): Record<string, number> {
  return Object.fromEntries(
    Object.entries(INDICATORS)
      .filter(([, { closes: needed }]) => needed <= index + 1)
      .map(([name, { closes: needed, of }]) => [name, of(closes.slice(index + 1 - needed, index + 1))]),
  );
}
