import { chunks, groupBy } from './collections.js';
import { generatedBars } from './generated-bars.js';

const options = { bars: 4_000, symbols: 4, seed: 1 };

describe('generated bars', () => {
  const bars = [...generatedBars(options)];

  it('generated bars have the requested number, one per symbol and minute', () => {
    expect(bars).toHaveLength(4_000);
    expect(new Set(bars.map(({ symbol, timestamp }) => `${symbol} ${Number(timestamp)}`)).size).toBe(4_000);
    expect([...groupBy(bars, ({ symbol }) => symbol)].map(([symbol, of]) => [symbol, of.length])).toEqual([
      ['SIM001', 1_000],
      ['SIM002', 1_000],
      ['SIM003', 1_000],
      ['SIM004', 1_000],
    ]);
  });

  it('generated bars depend only on the seed', () => {
    expect([...generatedBars(options)]).toEqual(bars);
    expect([...generatedBars({ ...options, seed: 2 })][0]).not.toEqual(bars[0]);
  });

  it('generated bars keep open and close between low and high', () => {
    for (const bar of bars) {
      const { open, high, low, close } = bar as Record<'open' | 'high' | 'low' | 'close', number>;
      expect(high).toBeGreaterThanOrEqual(Math.max(open, close));
      expect(low).toBeLessThanOrEqual(Math.min(open, close));
      expect(low).toBeGreaterThan(0);
      expect(String(close)).toMatch(/^\d+(\.\d\d?)?$/);
      expect(bar.volume).toBeGreaterThan(0);
    }
  });

  it('generated bars fall in trading hours on weekdays, in winter and summer', () => {
    const ofHalfAYear = [...generatedBars({ bars: 130 * 390, symbols: 1, seed: 1 })].map(({ timestamp }) => {
      const date = new Date(timestamp);
      return { day: date.getUTCDay(), time: date.toISOString().slice(11, 16), month: date.getUTCMonth() };
    });
    const times = (month: number) => ofHalfAYear.filter((bar) => bar.month === month).map(({ time }) => time);
    expect(new Set(ofHalfAYear.map(({ day }) => day))).toEqual(new Set([1, 2, 3, 4, 5]));
    expect([times(0)[0], times(0).at(-1)]).toEqual(['14:30', '20:59']);
    expect([times(5)[0], times(5).at(-1)]).toEqual(['13:30', '19:59']);
  });

  it('generated bars are ordered by time', () => {
    const times = bars.map(({ timestamp }) => Number(timestamp));
    expect(times).toEqual([...times].sort((a, b) => a - b));
    expect([...chunks(bars, 1_500)].map(({ length }) => length)).toEqual([1_500, 1_500, 1_000]);
  });
});
